// Acts on letters: the page changes at once, then the server is asked, then the list comes fresh.
import htmx from "htmx.org";
import { find, findAll, post, word } from "./page";
import { closeLetter, markOpen, openKey } from "./panes";
import { toast } from "./toast";

export function rowOf(key: string): HTMLElement | null {
  return document.getElementById(`row-${key}`);
}

export function selectedKeys(): string[] {
  return findAll<HTMLInputElement>("#rows input[name=letter]:checked").map((box) => box.value);
}

/** Show the number of chosen letters, and whether all are. */
export function countSelected(): void {
  const boxes = findAll<HTMLInputElement>("#rows input[name=letter]");
  const chosen = boxes.filter((box) => box.checked).length;
  const label = find<HTMLElement>(".bulk-count");
  if (label) label.textContent = (label.dataset["many"] ?? "%").replace("%", String(chosen));
  const all = find<HTMLInputElement>("#all");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

/** Fetch the list again where it is, keeping scroll, focus and choice. */
export async function refreshList(): Promise<void> {
  const form = find<HTMLElement>("#letters");
  const path = form?.dataset["refresh"];
  if (!form || !path) return;
  if (findAll("#rows .row").length > 50) return mergeTop(path);
  const chosen = new Set(selectedKeys());
  const rows = find<HTMLElement>("#rows");
  const top = rows?.scrollTop ?? 0;
  await htmx.ajax("GET", path, { target: "#list", swap: "innerMorph" });
  const fresh = find<HTMLElement>("#rows");
  if (fresh) fresh.scrollTop = top;
  for (const box of findAll<HTMLInputElement>("#rows input[name=letter]")) box.checked = chosen.has(box.value);
  countSelected();
}

/** Past the first page: put new rows on top and renew the known ones; what is further down stays. */
async function mergeTop(path: string): Promise<void> {
  const response = await fetch(path, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  let after: Element | null = null;
  for (const row of findAll<HTMLElement>(".row", fresh)) {
    const old = rowOf(row.dataset["key"] ?? "");
    const taken = document.importNode(row, true);
    const box = find<HTMLInputElement>("input", taken);
    if (box) box.checked = find<HTMLInputElement>("input", old ?? taken)?.checked ?? false;
    if (old) old.replaceWith(taken);
    else if (after) after.after(taken);
    else find("#rows")?.prepend(taken);
    htmx.process(taken);
    after = taken;
  }
  markOpen();
  countSelected();
}

export async function refreshTree(): Promise<void> {
  await htmx.ajax("GET", "/tree", { target: "#tree", swap: "innerMorph" });
}

/** Whether letters are no longer in this folder afterwards: reported ones go to Junk. */
function takesAway(act: string): boolean {
  return ["delete", "junk", "phishing"].includes(act) || act.startsWith("move:");
}

function showAtOnce(act: string, keys: string[]): void {
  for (const key of keys) {
    const row = rowOf(key);
    if (takesAway(act)) row?.remove();
    if (act === "seen" || act === "unseen") row?.classList.toggle("unread", act === "unseen");
    if (act === "flag" || act === "unflag") {
      row?.classList.toggle("flagged", act === "flag");
      find(".star", row ?? document)?.setAttribute("aria-pressed", String(act === "flag"));
    }
  }
}

/** Do one thing to letters. */
export async function act(name: string, keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const removes = takesAway(name);
  const closes = keys.includes(openKey()) && (removes || name === "unseen");
  const next = removes && closes ? nextOf(openKey(), new Set(keys)) : null;
  showAtOnce(name, keys);
  if (closes) closeLetter();
  const body = new FormData();
  body.set("act", name);
  for (const key of keys) body.append("letter", key);
  try {
    const answer = await post("/act", body);
    toast(answer.error ?? answer.text ?? "");
  } catch {
    toast(word("live_lost"));
  }
  if (next && document.body.dataset["pane"] !== "list") find<HTMLElement>("a", next)?.focus();
  await refreshList();
  await refreshTree();
}

function nextOf(key: string, without: Set<string>): HTMLElement | null {
  const rows = findAll<HTMLElement>("#rows .row");
  const at = rows.findIndex((row) => row.dataset["key"] === key);
  return rows.slice(at + 1).find((row) => !without.has(row.dataset["key"] ?? "")) ?? null;
}

/** Open the row after or before the open or focused one. */
export function step(by: 1 | -1): void {
  const rows = findAll<HTMLElement>("#rows .row");
  const key = openKey();
  const focused = document.activeElement?.closest<HTMLElement>(".row");
  const at = focused ? rows.indexOf(focused) : rows.findIndex((row) => row.dataset["key"] === key);
  const row = rows[at < 0 ? 0 : at + by];
  const link = row ? find<HTMLElement>("a", row) : null;
  if (!row || !link) return;
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (document.body.dataset["pane"] === "reader" || key) link.click();
}
