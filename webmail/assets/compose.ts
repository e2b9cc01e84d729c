// The composer: one draft with one id; saved when one pauses and when one leaves, never twice at once, and kept in
// the browser while the network is away.
import { draftKey } from "./kept";
import { find, findAll, post, word, type Answer } from "./page";
import { PeopleField } from "./people";
import { closeLetter, settle } from "./panes";
import { toast } from "./toast";
import type { RichText } from "./editor";

const IDLE = 3000;
let current: Composer | null = null;

/** The letter waits on the server: it becomes a draft again, unless its time was over first. */
async function takeBack(id: string): Promise<void> {
  const data = new FormData();
  data.set("draft", id);
  const answer = await post("/scheduled/cancel", data);
  if (answer.ok) location.assign(`/compose?draft=${id}`);
  else toast(answer.error ?? word("went_wrong"));
}

class Composer {
  private readonly id: string;
  private revision: number;
  private people: PeopleField[] = [];
  private rich: RichText | null = null;
  private dirty = false;
  private over = false;
  private timer = 0;
  private line: Promise<unknown> = Promise.resolve();
  private readonly status: HTMLOutputElement | null;

  constructor(readonly form: HTMLFormElement) {
    this.id = form.dataset["draft"] ?? "";
    this.revision = Number(form.dataset["revision"] ?? 0);
    this.status = find<HTMLOutputElement>(".saved", form);
    this.recall();
    for (const field of findAll<HTMLElement>("[data-people]", form)) {
      const kept = find<HTMLInputElement>("input", field);
      if (kept) this.people.push(new PeopleField(field, kept, () => this.touched()));
    }
    this.bind();
    const toggle = find<HTMLButtonElement>("[data-rich]", form);
    if (toggle) {
      toggle.hidden = false;
      toggle.addEventListener("click", () => void this.enrich());
    }
    if (find<HTMLTextAreaElement>("textarea[name=html]", form)?.value.trim()) void this.enrich();
    this.begin();
    this.catchUp();
  }

  /** What was typed or chosen before this script came. */
  private catchUp(): void {
    const early = findAll<HTMLInputElement | HTMLTextAreaElement>("input[id], textarea", this.form);
    if (early.some((field) => field.type !== "file" && field.value !== field.defaultValue)) this.touched();
    const files = find<HTMLInputElement>("input[type=file]", this.form);
    if (files?.files?.length) void this.upload([...files.files]).then(() => (files.value = ""));
  }

  private begin(): void {
    const area = find<HTMLTextAreaElement>("textarea[name=text]", this.form);
    if (this.form.contains(document.activeElement) && document.activeElement !== area) return;
    if (find<HTMLInputElement>("#to", this.form)?.value) {
      area?.focus();
      area?.setSelectionRange(0, 0);
      area?.scrollTo(0, 0);
    } else this.people[0]?.focus();
  }

  private bind(): void {
    this.form.addEventListener("input", () => this.touched());
    this.form.addEventListener("change", (event) => {
      const target = event.target as HTMLInputElement;
      if (target.type === "file" && target.files) void this.upload([...target.files]).then(() => (target.value = ""));
    });
    const more = find<HTMLButtonElement>(".more-people", this.form);
    if (more && findAll(".field.optional", this.form).length > 0) {
      more.hidden = false;
      more.addEventListener("click", () => {
        for (const field of findAll(".field.optional", this.form)) field.classList.remove("optional");
        more.hidden = true;
        this.people[1]?.focus();
      });
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = (event as SubmitEvent).submitter as HTMLButtonElement | null;
      if (button?.name === "drop") void this.save([button.value]);
      else if (button?.value === "discard") void this.discard();
      else if (button?.value === "save") void this.save();
      else if (button) void this.send(button.value);
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.send();
      else if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
    });
    const pane = this.form;
    pane.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) {
        event.preventDefault();
        pane.classList.add("dropping");
      }
    });
    pane.addEventListener("dragleave", () => pane.classList.remove("dropping"));
    pane.addEventListener("drop", (event) => {
      pane.classList.remove("dropping");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      void this.upload([...event.dataTransfer.files]);
    });
    pane.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0 && !event.clipboardData?.getData("text/plain")) void this.upload(files);
    });
  }

  private async enrich(): Promise<void> {
    if (this.rich) return;
    const module = await import("./editor");
    this.rich = module.makeRich(this.form, () => this.touched());
    find<HTMLElement>("[data-rich]", this.form)?.setAttribute("hidden", "");
    find<HTMLElement>("#reader")?.scrollTo(0, 0);
  }

  private values(): FormData {
    if (this.rich) {
      const html = find<HTMLTextAreaElement>("textarea[name=html]", this.form);
      const text = find<HTMLTextAreaElement>("textarea[name=text]", this.form);
      if (html) html.value = this.rich.html();
      if (text) text.value = this.rich.text();
    }
    const data = new FormData(this.form);
    data.delete("files");
    data.set("revision", String(this.revision));
    return data;
  }

  private touched(): void {
    this.dirty = true;
    this.remember();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), IDLE);
  }

  /** What is typed is in the browser at once, so that no crash or expired session loses a word. */
  private remember(): void {
    try {
      const kept: Record<string, string> = { at: String(Date.now()), revision: String(this.revision) };
      for (const [name, value] of this.values()) if (typeof value === "string" && name !== "csrf") kept[name] = value;
      localStorage.setItem(draftKey(this.id), JSON.stringify(kept));
    } catch {
      // storage is full or forbidden: the server's copy is what counts
    }
  }

  private recall(): void {
    const kept = localStorage.getItem(draftKey(this.id));
    if (!kept) return;
    const values = JSON.parse(kept) as Record<string, string>;
    if (Number(values["revision"] ?? 0) < this.revision) {
      this.forget();
      return;
    }
    for (const name of ["to", "cc", "bcc", "subject", "text", "html"]) {
      const field = find<HTMLInputElement | HTMLTextAreaElement>(`[name=${name}]`, this.form);
      const value = values[name];
      if (field && value !== undefined) field.value = value;
    }
    this.dirty = true;
  }

  private forget(): void {
    localStorage.removeItem(draftKey(this.id));
  }

  /** Requests of one draft go one after another: revisions never cross. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.line.then(work, work);
    this.line = next.catch(() => undefined);
    return next;
  }

  save(drop: string[] = []): Promise<boolean> {
    window.clearTimeout(this.timer);
    return this.inTurn(async () => {
      if (this.over || (!this.dirty && drop.length === 0)) return true;
      this.dirty = false;
      this.say(word("saving"));
      const data = this.values();
      data.set("do", "save");
      for (const id of drop) data.append("drop", id);
      try {
        return this.took(await post("/compose", data));
      } catch {
        this.dirty = true;
        this.say(word("draft_kept_here"));
        this.timer = window.setTimeout(() => void this.save(), 8000);
        return false;
      }
    });
  }

  private took(answer: Answer & { status: number }): boolean {
    if (answer.revision !== undefined && answer.ok) {
      this.revision = answer.revision;
      // The letter in Drafts has a new number after each save; the draft's id stays.
      if (this.form.isConnected) history.replaceState({ htmx: true }, "", `/compose?draft=${this.id}`);
    }
    if (answer.files && answer.ok) this.drawFiles(answer.files);
    if (answer.ok && !this.dirty) this.forget();
    if (!answer.ok) this.dirty = true;
    this.say(answer.error || answer.text || "");
    this.complain(answer.ok ? "" : (answer.error ?? word("went_wrong")));
    return answer.ok;
  }

  private send(how = "send"): Promise<void> {
    for (const field of this.people) field.finish();
    window.clearTimeout(this.timer);
    this.remember();
    const button = find<HTMLButtonElement>("[data-send]", this.form);
    return this.inTurn(async () => {
      if (this.over) return;
      if (button) button.disabled = true;
      this.say(word("sending"));
      const data = this.values();
      data.set("do", how);
      try {
        let answer = await post("/compose", data);
        if (answer.confirm && window.confirm(answer.error ?? "")) {
          data.set("revision", String(answer.revision ?? this.revision));
          data.set("confirmed", "1");
          answer = await post("/compose", data);
        }
        if (answer.done) this.finish(answer.text ?? "", answer.undo);
        else this.took(answer);
      } catch {
        this.complain(word("draft_kept_here"));
        this.say("");
      }
      if (button) button.disabled = false;
    });
  }

  private discard(): Promise<void> {
    window.clearTimeout(this.timer);
    return this.inTurn(async () => {
      const data = this.values();
      data.set("do", "discard");
      const answer = await post("/compose", data);
      if (answer.done) this.finish(answer.text ?? "");
    });
  }

  private finish(text: string, undo?: Answer["undo"]): void {
    this.over = true;
    this.dirty = false;
    this.forget();
    current = null;
    if (undo) toast(text, undo.seconds * 1000, { label: word("take_back"), run: () => void takeBack(undo.id) });
    else toast(text);
    this.form.remove();
    closeLetter();
    settle("list");
    const back = find<HTMLElement>("#tree [aria-current]")?.getAttribute("href");
    if (back) history.replaceState({ htmx: true }, "", back);
  }

  private upload(files: File[]): Promise<void> {
    const limit = Number(this.form.dataset["maxFile"] ?? 0);
    return this.inTurn(async () => {
      for (const file of files) {
        if (limit && file.size > limit) {
          this.complain(word("file_too_large", { name: file.name, limit: `${Math.floor(limit / 1048576)} MB` }));
          continue;
        }
        const data = this.values();
        data.set("do", "save");
        data.append("files", file, file.name.normalize("NFC"));
        try {
          this.took(await withProgress(data, (percent) => this.say(word("uploading", { name: file.name, percent }))));
        } catch {
          this.complain(word("upload_failed", { name: file.name }));
        }
      }
    });
  }

  private drawFiles(files: NonNullable<Answer["files"]>): void {
    const list = find<HTMLElement>(".drafted", this.form);
    list?.replaceChildren(
      ...files.map((file) => {
        const item = document.createElement("li");
        const kind = document.createElement("span");
        kind.className = `kind kind-${file.kind}`;
        kind.textContent = file.kind === "file" ? "•••" : file.kind.toUpperCase();
        const name = document.createElement("span");
        name.className = "file-name";
        name.textContent = file.name;
        const size = document.createElement("span");
        size.className = "file-size";
        size.textContent = file.size;
        const drop = document.createElement("button");
        Object.assign(drop, { className: "bare", name: "drop", value: file.id, textContent: "×" });
        drop.setAttribute("aria-label", word("remove_file", { name: file.name }));
        item.append(kind, name, size, drop);
        return item;
      }),
    );
  }

  private say(text: string): void {
    if (this.status) this.status.textContent = text;
  }

  private complain(text: string): void {
    find(".notice", this.form)?.remove();
    if (!text) return;
    const notice = document.createElement("p");
    notice.className = "notice bad";
    notice.setAttribute("role", "alert");
    notice.textContent = text;
    find(".fields", this.form)?.before(notice);
  }

  async leave(): Promise<void> {
    for (const field of this.people) field.finish();
    if (this.dirty) await this.save();
  }

  /** The page goes away now: one last request that outlives it. */
  flush(): void {
    if (!this.dirty || this.over) return;
    this.remember();
    const data = this.values();
    data.set("do", "save");
    void post("/compose", data, true).catch(() => undefined);
  }
}

function withProgress(data: FormData, tell: (percent: number) => void): Promise<Answer & { status: number }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/compose");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF", find<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "");
    request.upload.onprogress = (event) => tell(Math.round((100 * event.loaded) / Math.max(1, event.total)));
    request.onerror = () => reject(new Error("network"));
    request.onload = () => {
      try {
        resolve({ ...(JSON.parse(request.responseText) as Answer), status: request.status });
      } catch {
        reject(new Error("answer"));
      }
    };
    request.send(data);
  });
}

export function start(): void {
  const form = find<HTMLFormElement>("#composer");
  if (!form || current?.form === form) return;
  if (current) void current.leave();
  current = new Composer(form);
}

export async function leave(): Promise<void> {
  await current?.leave();
  current = null;
}

window.addEventListener("pagehide", () => current?.flush());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") void current?.save();
});
document.addEventListener("htmx:before:swap", (event) => {
  const target = (event as CustomEvent<{ ctx: { target?: Element } }>).detail.ctx.target;
  if (target?.id === "reader" || target === document.body) void current?.leave();
});
