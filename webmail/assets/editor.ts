// Simple rich text on Squire. What comes in is cleaned by DOMPurify here and by the server again.
import DOMPurify from "dompurify";
import Squire from "squire-rte";
import { find, findAll, word } from "./page";

const TAGS = ["a", "b", "blockquote", "br", "div", "em", "i", "li", "ol", "p", "s", "span", "strong", "sub", "sup", "u", "ul", "table", "tbody", "thead", "tr", "td", "th", "h1", "h2", "h3", "pre", "code", "hr", "font"];

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Plain text as simple HTML; quoted lines (RFC 3676) become quoted blocks. */
export function asHtml(text: string): string {
  let depth = 0;
  let html = "";
  for (const line of text.split("\n")) {
    const marks = /^(?:> ?)+/.exec(line)?.[0] ?? "";
    const level = Math.min(marks.split(">").length - 1, 8);
    html += "<blockquote>".repeat(Math.max(0, level - depth)) + "</blockquote>".repeat(Math.max(0, depth - level));
    html += `<div>${escaped(line.slice(marks.length)) || "<br>"}</div>`;
    depth = level;
  }
  return html + "</blockquote>".repeat(depth);
}

export class RichText {
  private readonly squire: Squire;

  constructor(
    private readonly place: HTMLElement,
    toolbar: HTMLElement,
    html: string,
    changed: () => void,
  ) {
    this.squire = new Squire(place, {
      blockTag: "DIV",
      sanitizeToDOMFragment: (dirty: string) =>
        document.importNode(
          DOMPurify.sanitize(dirty, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ["href", "style", "colspan", "rowspan"], RETURN_DOM_FRAGMENT: true }),
          true,
        ),
    });
    this.squire.setHTML(html);
    this.squire.addEventListener("input", changed);
    toolbar.hidden = false;
    for (const button of findAll<HTMLButtonElement>("[data-format]", toolbar)) {
      button.addEventListener("pointerdown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.format(button.dataset["format"] ?? ""));
    }
  }

  html(): string {
    return this.squire.getHTML();
  }

  text(): string {
    return this.place.innerText.replace(/\u00a0/g, " ");
  }

  focus(): void {
    this.squire.focus();
    this.squire.moveCursorToStart();
  }

  private format(name: string): void {
    const at = this.squire;
    if (name === "bold") at.hasFormat("B") ? at.removeBold() : at.bold();
    if (name === "italic") at.hasFormat("I") ? at.removeItalic() : at.italic();
    if (name === "underline") at.hasFormat("U") ? at.removeUnderline() : at.underline();
    if (name === "ul") at.hasFormat("UL") ? at.removeList() : at.makeUnorderedList();
    if (name === "ol") at.hasFormat("OL") ? at.removeList() : at.makeOrderedList();
    if (name === "quote") at.hasFormat("BLOCKQUOTE") ? at.decreaseQuoteLevel() : at.increaseQuoteLevel();
    if (name === "clear") at.removeAllFormatting();
    if (name === "link") {
      const address = prompt(word("link_question"), "https://");
      if (address && /^(https?:\/\/|mailto:)/i.test(address)) at.makeLink(address, { rel: "noopener noreferrer" });
    }
    this.squire.focus();
  }
}

/** Put the editor in place of the text field. */
export function makeRich(form: HTMLFormElement, changed: () => void): RichText | null {
  const area = find<HTMLTextAreaElement>("textarea[name=text]", form);
  const kept = find<HTMLTextAreaElement>("textarea[name=html]", form);
  const toolbar = find<HTMLElement>(".format", form);
  if (!area || !kept || !toolbar) return null;
  const place = document.createElement("div");
  place.className = "editor";
  place.setAttribute("role", "textbox");
  place.setAttribute("aria-multiline", "true");
  place.setAttribute("aria-label", area.getAttribute("aria-label") ?? "");
  area.before(place);
  area.hidden = true;
  kept.disabled = false; // without this script the plain text is what is sent
  return new RichText(place, toolbar, kept.value.trim() || asHtml(area.value), changed);
}
