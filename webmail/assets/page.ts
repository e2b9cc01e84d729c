// What the server left in the page for scripts: words in the reader's language, and the token for requests.

const holder = document.getElementById("words");
const table = JSON.parse(holder?.textContent ?? "{}") as Record<string, string>;

/** A word of the page, with values put in. */
export function word(key: string, values: Record<string, string | number> = {}): string {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

export function find<T extends Element>(selector: string, within: ParentNode = document): T | null {
  return within.querySelector<T>(selector);
}

export function findAll<T extends Element>(selector: string, within: ParentNode = document): T[] {
  return [...within.querySelectorAll<T>(selector)];
}

export interface Answer {
  ok: boolean;
  done?: boolean;
  error?: string;
  confirm?: boolean;
  text?: string;
  undo?: { id: string; seconds: number };
  revision?: number;
  files?: { id: string; name: string; size: string; kind: string }[];
}

/** Another tab may have signed in anew since: ask for the token that is right now. */
export async function renewToken(): Promise<void> {
  const response = await fetch("/csrf", { credentials: "same-origin", headers: { Accept: "application/json" } });
  const holder = find<HTMLMetaElement>('meta[name="csrf"]');
  if (response.ok && holder) holder.content = ((await response.json()) as { csrf: string }).csrf;
}

/** Post a form to the server. A network failure is an exception; a refusal is an answer with `ok` false. */
export async function post(path: string, body: FormData, keepalive = false, again = true): Promise<Answer & { status: number }> {
  const response = await fetch(path, {
    method: "POST",
    body,
    keepalive,
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-CSRF": csrf() },
  });
  if (response.status === 403 && again && !keepalive) {
    await renewToken();
    return post(path, body, keepalive, false);
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json") ?? false;
  const answer = isJson ? ((await response.json()) as Answer) : { ok: false, error: word("went_wrong") };
  return { ...answer, status: response.status };
}
