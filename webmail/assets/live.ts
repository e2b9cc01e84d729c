// One stream of changes from the server; it says that something changed, and the page looks again.
import { find, findAll, word } from "./page";
import { refreshList, refreshTree } from "./list";
import { toast } from "./toast";

interface News {
  accounts: number[];
  mailboxes: number[];
}

let timer = 0;
let pending = new Set<number>();

async function look(): Promise<void> {
  timer = 0;
  const changed = pending;
  pending = new Set();
  const before = unread();
  await refreshTree();
  const here = Number(document.body.dataset["mailbox"] ?? 0);
  if (here && changed.has(here)) await refreshList();
  if (unread() > before) toast(word("new_letter"), 4000);
}

function unread(): number {
  return findAll<HTMLElement>("#tree .n:not(.quiet)").reduce((sum, one) => sum + (Number.parseInt(one.textContent ?? "", 10) || 0), 0);
}

function state(): string {
  return find<HTMLElement>(`#tree [data-folder="${document.body.dataset["mailbox"] ?? ""}"]`)?.dataset["state"] ?? "";
}

/** What came between the page and its stream, or while the stream was lost. */
async function compare(): Promise<void> {
  const before = state();
  await refreshTree();
  if (state() !== before) await refreshList();
}

export function listen(): void {
  const source = new EventSource("/live");
  source.addEventListener("changed", (event) => {
    const news = JSON.parse((event as MessageEvent<string>).data) as News;
    for (const id of news.mailboxes) pending.add(id);
    // A little later, so that a burst is one look; sooner than anybody would notice.
    timer ||= window.setTimeout(() => void look(), 120);
  });
  source.addEventListener("open", () => {
    find("#top")?.classList.remove("offline");
    void compare();
  });
  source.addEventListener("error", () => {
    find("#top")?.classList.add("offline");
  });
  window.addEventListener("pagehide", () => source.close());
}
