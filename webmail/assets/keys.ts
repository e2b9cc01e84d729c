// Keys as Gmail has them; silent while one types or an input method composes.
import { find } from "./page";
import { act, selectedKeys, step } from "./list";
import { openKey } from "./panes";

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return event.isComposing || event.keyCode === 229 || target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

function press(selector: string): void {
  find<HTMLElement>(selector)?.click();
}

function chosen(): string[] {
  const keys = selectedKeys();
  const focused = document.activeElement?.closest<HTMLElement>(".row")?.dataset["key"];
  if (keys.length > 0) return keys;
  return [openKey() || focused || ""].filter((key) => key !== "");
}

const KEYS: Record<string, () => void> = {
  j: () => step(1),
  k: () => step(-1),
  c: () => press(".compose-button"),
  r: () => press('[data-key-act="r"]'),
  a: () => press('[data-key-act="a"]'),
  f: () => press('[data-key-act="f"]'),
  u: () => press("#reader [data-back]"),
  x: () => press(".row:focus-within input, .row.open input"),
  s: () => press(".row:focus-within .star, .row.open .star"),
  "#": () => void act("delete", chosen()),
  Delete: () => void act("delete", chosen()),
  I: () => void act("seen", chosen()),
  U: () => void act("unseen", chosen()),
  "/": () => find<HTMLInputElement>("#q")?.select(),
};

export function bindKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
    if (isTyping(event) && !(event.target as HTMLElement).matches("#rows input[type=checkbox]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = KEYS[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}
