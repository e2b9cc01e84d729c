// Drafts that only this browser has, because the network or the session was gone: offered again on the next page.
import { find, word } from "./page";

export function draftKey(id: string): string {
  return `draft:${document.body.dataset["viewer"] ?? ""}:${id}`;
}

export function offerKept(): void {
  const place = find<HTMLElement>("#toasts");
  const prefix = draftKey("");
  const id = Object.keys(localStorage).find((key) => key.startsWith(prefix))?.slice(prefix.length);
  if (!id || !place || !/^[0-9a-f]{32}$/.test(id) || find("#composer")) return;
  const link = document.createElement("a");
  link.className = "toast";
  link.href = `/compose?draft=${id}`;
  link.textContent = word("draft_waits");
  place.append(link);
}

/** Before signing out on a shared machine. */
export function forgetKept(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key);
}
