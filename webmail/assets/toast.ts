import { find } from "./page";

/** Say something for a few seconds, also to screen readers. */
export function toast(text: string, milliseconds = 5000, action?: { label: string; run: () => void }): void {
  const place = find<HTMLElement>("#toasts");
  if (!place || !text) return;
  const item = document.createElement("div");
  item.className = "toast";
  item.textContent = text;
  if (action) {
    const button = document.createElement("button");
    button.textContent = action.label;
    button.addEventListener("click", () => {
      item.remove();
      action.run();
    });
    item.append(" ", button);
  }
  place.append(item);
  setTimeout(() => item.remove(), milliseconds);
}
