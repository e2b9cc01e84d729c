// One stream of changes from the server; it says that something changed, and the page looks again.
import { find, findAll, word } from "./page";
import { refreshList, refreshTree } from "./list";
import { toast } from "./toast";

interface News {
  accounts: number[];
  mailboxes: number[];
  opened?: boolean;
}

let timer = 0;
let pending = new Set<number>();

async function look(): Promise<void> {
  timer = 0;
  const changed = pending;
  pending = new Set();
  const before = unread();
  await refreshTree();
  const here = Number(document.body.dataset["mailbox"] ?? 0);
  if (here && changed.has(here)) await refreshList();
  if (unread() > before) toast(word("new_letter"), 4000);
}

function unread(): number {
  return findAll<HTMLElement>("#tree .n:not(.quiet)").reduce((sum, one) => sum + (Number.parseInt(one.textContent ?? "", 10) || 0), 0);
}

function state(): string {
  return find<HTMLElement>(`#tree [data-folder="${document.body.dataset["mailbox"] ?? ""}"]`)?.dataset["state"] ?? "";
}

/** What came between the page and its stream, or while the stream was lost. */
async function compare(): Promise<void> {
  const before = state();
  await refreshTree();
  if (state() !== before) await refreshList();
}

function heard(news: News): void {
  if (news.opened) void compare();
  for (const id of news.mailboxes) pending.add(id);
  // A little later, so that a burst is one look, and a letter to thousands not thousands of looks at one moment.
  if (news.mailboxes.length > 0 || news.accounts.length > 0) timer ||= window.setTimeout(() => void look(), 100 + Math.random() * 250);
}

function connect(tell: (news: News) => void): EventSource {
  const source = new EventSource("/live");
  source.addEventListener("changed", (event) => tell(JSON.parse((event as MessageEvent<string>).data) as News));
  source.addEventListener("open", () => tell({ accounts: [], mailboxes: [], opened: true }));
  window.addEventListener("pagehide", () => source.close());
  return source;
}

/** One stream for all tabs of a browser: HTTP/1.1 has six connections, and each tab more would take one for ever. */
export function listen(): void {
  const name = `live:${document.body.dataset["viewer"] ?? ""}`;
  if (!navigator.locks) {
    let source: EventSource | null = null; // no secure context: only the tab that is looked at listens
    const follow = (): void => {
      source?.close();
      source = document.visibilityState === "visible" ? connect(heard) : null;
    };
    document.addEventListener("visibilitychange", follow);
    follow();
    return;
  }
  const others = new BroadcastChannel(name);
  others.addEventListener("message", (event) => heard((event as MessageEvent<News>).data));
  const late = window.setTimeout(() => void compare(), 400); // another tab has the stream: look once
  void navigator.locks.request(name, () => {
    window.clearTimeout(late);
    connect((news) => {
      heard(news);
      others.postMessage(news);
    });
    return new Promise<never>(() => undefined); // held until this tab goes; then another takes it
  });
}
