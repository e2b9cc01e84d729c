// A line of recipients: each a pill, completed from the directory while one types. The field itself keeps the
// text, so that without this script, or before it, the same letter is sent.
import { find } from "./page";

interface Person {
  name: string;
  address: string;
  detail: string;
  kind: string;
}

const ITEM = /(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,;\n"<>])+/g;

function split(text: string): string[] {
  return (text.match(ITEM) ?? []).map((one) => one.trim()).filter((one) => one !== "");
}

function isAddress(item: string): boolean {
  const address = /<([^<>]*)>\s*$/.exec(item)?.[1] ?? item;
  return /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(address.trim());
}

function written(person: Person): string {
  const name = /[,;<>"\\@]/.test(person.name) ? `"${person.name.replace(/["\\]/g, "\\$&")}"` : person.name;
  return name ? `${name} <${person.address}>` : person.address;
}

let counter = 0;

export class PeopleField {
  private readonly box = document.createElement("div");
  private readonly typed = document.createElement("input");
  private readonly choices = document.createElement("ul");
  private items: string[];
  private found: Person[] = [];
  private at = 0;
  private asked = 0;
  private timer = 0;

  constructor(
    private readonly field: HTMLElement,
    private readonly kept: HTMLInputElement,
    private readonly changed: () => void,
  ) {
    this.items = split(kept.value);
    this.box.className = "people-box";
    this.choices.className = "choices";
    this.choices.id = `choices-${(counter += 1)}`;
    this.choices.hidden = true;
    this.choices.setAttribute("role", "listbox");
    const label = find<HTMLLabelElement>("label", field);
    Object.assign(this.typed, { type: "text", autocomplete: "off", spellcheck: false, id: `${kept.id}-typed` });
    this.typed.setAttribute("role", "combobox");
    this.typed.setAttribute("aria-autocomplete", "list");
    this.typed.setAttribute("aria-expanded", "false");
    this.typed.setAttribute("aria-controls", this.choices.id);
    if (label) label.htmlFor = this.typed.id;
    kept.hidden = true;
    kept.after(this.box);
    field.append(this.choices);
    this.box.append(this.typed);
    this.draw();
    this.bind();
  }

  focus(): void {
    this.typed.focus();
  }

  /** Take what is typed but not yet a pill. */
  finish(): void {
    const more = split(this.typed.value);
    if (more.length === 0) return;
    this.items.push(...more);
    this.typed.value = "";
    this.close();
    this.store();
  }

  private store(): void {
    this.kept.value = this.items.join(", ");
    this.draw();
    this.changed();
  }

  private draw(): void {
    for (const old of [...this.box.querySelectorAll(".person")]) old.remove();
    this.items.forEach((item, index) => {
      const pill = document.createElement("span");
      pill.className = isAddress(item) ? "person" : "person bad";
      pill.title = item;
      const name = document.createElement("b");
      name.textContent = /^\s*"?([^"<]*?)"?\s*</.exec(item)?.[1] || item.replace(/[<>]/g, "");
      const drop = document.createElement("button");
      drop.type = "button";
      drop.textContent = "×";
      drop.setAttribute("aria-label", `× ${item}`);
      drop.addEventListener("click", () => {
        this.items.splice(index, 1);
        this.store();
        this.typed.focus();
      });
      pill.append(name, drop);
      this.box.insertBefore(pill, this.typed);
    });
  }

  private bind(): void {
    this.typed.addEventListener("input", (event) => {
      if (/[,;\n]/.test(this.typed.value) && !(event as InputEvent).isComposing) {
        this.finish();
        return;
      }
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.complete(), 90);
    });
    this.typed.addEventListener("keydown", (event) => this.key(event));
    this.typed.addEventListener("blur", () => setTimeout(() => this.finish(), 160));
    this.typed.addEventListener("paste", () => setTimeout(() => (/[,;@]/.test(this.typed.value) ? this.finish() : undefined)));
    this.field.addEventListener("click", (event) => {
      if (event.target === this.box || event.target === this.field) this.typed.focus();
    });
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const open = !this.choices.hidden;
    if (event.key === "ArrowDown" && open) this.pick((this.at + 1) % this.found.length);
    else if (event.key === "ArrowUp" && open) this.pick((this.at - 1 + this.found.length) % this.found.length);
    else if ((event.key === "Enter" || event.key === "Tab") && open) this.take(this.at);
    else if (event.key === "Enter") this.finish();
    else if (event.key === "Escape" && open) this.close();
    else if (event.key === "Backspace" && this.typed.value === "" && this.items.length > 0) {
      this.items.pop();
      this.store();
      return;
    } else return;
    event.preventDefault();
  }

  private async complete(): Promise<void> {
    const text = this.typed.value.trim();
    const turn = (this.asked += 1);
    if (text.length < 1) {
      this.close();
      return;
    }
    const response = await fetch(`/complete?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok || turn !== this.asked) return;
    this.found = ((await response.json()) as { people: Person[] }).people;
    if (this.found.length === 0 || document.activeElement !== this.typed) {
      this.close();
      return;
    }
    this.choices.replaceChildren(
      ...this.found.map((person, index) => {
        const item = document.createElement("li");
        item.id = `${this.choices.id}-${index}`;
        item.setAttribute("role", "option");
        const name = document.createElement("strong");
        name.textContent = person.name;
        const address = document.createElement("span");
        address.textContent = person.address;
        const detail = document.createElement("small");
        detail.textContent = person.detail;
        item.append(name, address, detail);
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          this.take(index);
        });
        return item;
      }),
    );
    this.choices.hidden = false;
    this.typed.setAttribute("aria-expanded", "true");
    this.pick(0);
  }

  private pick(index: number): void {
    this.at = index;
    [...this.choices.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.typed.setAttribute("aria-activedescendant", `${this.choices.id}-${index}`);
    this.choices.children[index]?.scrollIntoView({ block: "nearest" });
  }

  private take(index: number): void {
    const person = this.found[index];
    if (!person) return;
    this.items.push(written(person));
    this.typed.value = "";
    this.close();
    this.store();
    this.typed.focus();
  }

  private close(): void {
    this.asked += 1;
    this.choices.hidden = true;
    this.typed.setAttribute("aria-expanded", "false");
    this.typed.removeAttribute("aria-activedescendant");
  }
}
