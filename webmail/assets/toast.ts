import { find } from "./page";

/** Say something for a few seconds, also to screen readers. */
export function toast(text: string, milliseconds = 5000): void {
  const place = find<HTMLElement>("#toasts");
  if (!place || !text) return;
  const item = document.createElement("div");
  item.className = "toast";
  item.textContent = text;
  place.append(item);
  setTimeout(() => item.remove(), milliseconds);
}
