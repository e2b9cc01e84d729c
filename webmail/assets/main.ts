import htmx from "htmx.org";
import { watchFrames } from "./frames";
import { bindKeys } from "./keys";
import { act, countSelected, rowOf, selectedKeys } from "./list";
import { forgetKept, offerKept } from "./kept";
import { listen } from "./live";
import { csrf, find, findAll, word } from "./page";
import { closeLetter, openKey, type Pane, settle, showPane } from "./panes";
import { toast } from "./toast";

document.documentElement.classList.add("scripted");

interface Swap {
  ctx: { target?: Element | string; response?: { status: number }; request: { headers: Record<string, string> }; sourceElement?: Element };
}

/** Whatever way new parts came into the page, make them work. */
function ready(): void {
  watchFrames();
  for (const button of findAll<HTMLElement>("[data-print]")) button.hidden = false;
  if (find("#composer")) void import("./compose").then((module) => module.start());
}

document.addEventListener("htmx:config:request", (event) => {
  (event as CustomEvent<Swap>).detail.ctx.request.headers["X-CSRF"] = csrf();
});
document.addEventListener("htmx:after:swap", (event) => {
  const target = (event as CustomEvent<Swap>).detail.ctx.target;
  settle(target instanceof Element ? target.id : "");
  ready();
});
document.addEventListener("htmx:before:response", (event) => {
  // htmx puts refusals into the page too: that is right for a letter that is gone, not for the tree or the list.
  const { target, response } = (event as CustomEvent<Swap>).detail.ctx;
  const status = response?.status ?? 200;
  if (status < 400 || (status < 500 && target instanceof Element && target.id === "reader")) return;
  event.preventDefault();
  toast(word(status === 503 ? "live_lost" : "went_wrong"));
});
document.addEventListener("htmx:error", () => toast(navigator.onLine ? "" : "…"));

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  for (const menu of findAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
    else if (target.closest(".item, .menu-body a")) setTimeout(() => (menu.open = false));
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const mover = target.closest<HTMLElement>("[data-pane-to]");
  const back = target.closest<HTMLAnchorElement>("[data-back]");
  const opener = target.closest<HTMLAnchorElement>(".to-tree");
  if (opener) {
    event.preventDefault();
    showPane(document.body.dataset["pane"] === "tree" ? "list" : "tree");
  } else if (back && find("#letters")) {
    event.preventDefault();
    const key = openKey();
    const folder = back.getAttribute("href") ?? "/mail";
    void leaving().then(() => {
      closeLetter();
      history.pushState({ htmx: true }, "", folder);
      find<HTMLElement>("a", rowOf(key) ?? document.createElement("i"))?.focus();
    });
  } else if (mover) {
    showPane(mover.dataset["paneTo"] as Pane);
    if (mover.dataset["folder"]) find("#reader")?.replaceChildren();
  }
  if (target.closest("[data-print]")) print();
});

/** Give the composer time to keep what was typed before it goes. */
async function leaving(): Promise<void> {
  if (find("#composer")) await (await import("./compose")).leave();
}

document.addEventListener("change", (event) => {
  const target = event.target as HTMLInputElement;
  if (target.id === "all") for (const box of findAll<HTMLInputElement>("#rows input[name=letter]")) box.checked = target.checked;
  if (target.id === "all" || target.name === "letter") countSelected();
});

document.addEventListener("keydown", (event) => {
  const field = event.target as HTMLElement;
  if (event.key !== "Enter" || field.id !== "folder-name" || event.isComposing) return;
  event.preventDefault(); // the form's first button is another one
  field.parentElement?.querySelector("button")?.click();
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const button = (event as SubmitEvent).submitter as HTMLButtonElement | null;
  if (form.getAttribute("action") === "/sign-out") forgetKept();
  const sure = button?.dataset["sure"];
  if (sure && !confirm(sure)) {
    event.preventDefault();
    return;
  }
  if (form.getAttribute("action") !== "/act" || button?.hasAttribute("formaction")) return;
  event.preventDefault();
  if (button?.name === "star") {
    const row = rowOf(button.value);
    void act(row?.classList.contains("flagged") ? "unflag" : "flag", [button.value]);
  } else if (button?.name === "act") {
    const own = form.querySelector<HTMLInputElement>("input[type=hidden][name=letter]");
    void act(button.value, own ? [own.value] : selectedKeys());
  }
});

bindKeys();
document.addEventListener("DOMContentLoaded", ready);
if (document.readyState !== "loading") ready();
document.addEventListener("htmx:after:history:restore", ready);
if (find("#tree")) {
  listen();
  offerKept();
}
Object.assign(window, { htmx });
