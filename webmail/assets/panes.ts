// Which pane a narrow screen shows, which folder and letter are marked, and the page's title.
import { find, findAll } from "./page";

export type Pane = "tree" | "list" | "reader";

export function showPane(pane: Pane): void {
  document.body.dataset["pane"] = pane;
}

/** The key `mailbox-uid` of the open letter. */
export function openKey(): string {
  return find<HTMLElement>("#reader .letter")?.dataset["key"] ?? "";
}

/** After a swap: mark what is open, and take the title that came with it. */
export function settle(pane: string): void {
  if (pane === "list") {
    const list = find<HTMLElement>("#letters");
    const mailbox = list?.dataset["mailbox"] ?? "";
    document.body.dataset["mailbox"] = mailbox;
    markFolder(mailbox);
    const box = find<HTMLInputElement>(".search [name=box]");
    const account = list?.dataset["box"] ?? "";
    if (box) box.value = account;
    const compose = find<HTMLAnchorElement>(".compose-button");
    compose?.setAttribute("href", `/compose?box=${account}`);
    compose?.setAttribute("hx-get", `/compose?part=reader&box=${account}`);
    if (!find("#reader > [data-title]")) title(list);
  }
  if (pane === "tree") markFolder(document.body.dataset["mailbox"] ?? "");
  if (pane === "reader") {
    const letter = find<HTMLElement>("#reader > [data-title]");
    title(letter);
    find<HTMLElement>("#reader")?.scrollTo(0, 0);
  }
  markOpen();
}

export function markFolder(mailbox: string): void {
  for (const link of findAll<HTMLElement>("#tree [data-folder]")) {
    if (link.dataset["folder"] === mailbox) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

export function markOpen(): void {
  const key = openKey();
  for (const row of findAll<HTMLElement>("#rows .row")) {
    const open = key !== "" && row.dataset["key"] === key;
    row.classList.toggle("open", open);
    if (open) row.classList.remove("unread");
  }
}

function title(element: HTMLElement | null): void {
  const text = element?.dataset["title"];
  if (text) document.title = text;
}

/** Empty the reader. */
export function closeLetter(): void {
  find("#reader")?.replaceChildren();
  markOpen();
  showPane("list");
}
