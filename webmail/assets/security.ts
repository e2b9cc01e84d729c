/** Passkeys: asks the browser to make or use one, and sends its answer with the form. Loaded by the screens of signing in only. */

type Json = Record<string, unknown>;

const bytes = (text: string): ArrayBuffer =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0)).buffer as ArrayBuffer;
const text = (buffer: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const keys = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list ?? []) as { id: string }[]).map((one) => ({ ...one, type: "public-key", id: bytes(one.id) }));

async function asked(purpose: string, csrf: string): Promise<{ word: string; options: Json }> {
  const answer = await fetch(`/passkey/${purpose}`, {
    method: "POST",
    headers: { "X-CSRF": csrf, Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as { word: string; options: Json };
}

async function made(options: Json): Promise<Json> {
  const user = options["user"] as { id: string; name: string; displayName: string };
  const publicKey = {
    ...options,
    challenge: bytes(options["challenge"] as string),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: keys(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
  const found = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAttestationResponse;
  return whole(found, { attestationObject: text(response.attestationObject), clientDataJSON: text(response.clientDataJSON) });
}

async function used(options: Json): Promise<Json> {
  const publicKey = {
    ...options,
    challenge: bytes(options["challenge"] as string),
    allowCredentials: keys(options["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAssertionResponse;
  return whole(found, {
    authenticatorData: text(response.authenticatorData),
    clientDataJSON: text(response.clientDataJSON),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

const whole = (found: PublicKeyCredential, response: Json): Json => ({
  id: found.id,
  rawId: text(found.rawId),
  type: found.type,
  clientExtensionResults: {},
  response,
});

async function run(form: HTMLFormElement): Promise<void> {
  const purpose = form.dataset["passkey"] ?? "use";
  const field = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement;
  const trouble = form.querySelector<HTMLElement>("[data-trouble]");
  if (trouble) trouble.hidden = true;
  try {
    const { word, options } = await asked(purpose, field("csrf").value);
    const answer = purpose === "make" ? await made(options) : await used(options);
    field("word").value = word;
    field("answer").value = JSON.stringify(answer);
    form.submit();
  } catch {
    // Given up by the person, timed out, or no device: the page says so and stays as it was.
    if (trouble) trouble.hidden = false;
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(form);
  });
}
for (const button of document.querySelectorAll<HTMLElement>("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sure]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset["sure"])) event.preventDefault();
  });
}
