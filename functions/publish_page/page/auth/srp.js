// Secure Remote Password, as Amazon Cognito speaks it: the password never leaves the browser.
// The group is RFC 5054's of 3072 bits; https://www.rfc-editor.org/rfc/rfc5054#appendix-A

const N = BigInt(
  "0x" +
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);
const G = 2n;
const INFO = new TextEncoder().encode("Caldera Derived Key");

/** The caller's half of the exchange: `publicKey` goes to Cognito as SRP_A. */
export function begin() {
  const secret = integer(crypto.getRandomValues(new Uint8Array(128))) % N;
  return { secret, publicKey: power(G, secret).toString(16) };
}

/**
 * What proves that the password is known, for Cognito's challenge PASSWORD_VERIFIER. `poolId` as the stack names it,
 * `at` the moment of signing.
 */
export async function answer({ secret }, challenge, { poolId, password, at }) {
  const pool = poolId.split("_")[1];
  const user = challenge.USER_ID_FOR_SRP;
  const theirs = BigInt(`0x${challenge.SRP_B}`);
  if (theirs % N === 0n) throw new Error("The server's SRP key is worthless");
  const ours = power(G, secret);
  const scrambling = integer(await hash(padded(ours), padded(theirs)));
  const multiplier = integer(await hash(padded(N), padded(G)));
  const inner = await hash(text(`${pool}${user}:${password}`));
  const verifier = integer(await hash(padded(BigInt(`0x${challenge.SALT}`)), inner));
  const base = mod(theirs - multiplier * power(G, verifier));
  const shared = power(base, secret + scrambling * verifier);
  const key = await derived(padded(shared), padded(scrambling));
  const block = Uint8Array.from(atob(challenge.SECRET_BLOCK), (character) => character.charCodeAt(0));
  const timestamp = timestampOf(at);
  const signature = await crypto.subtle.sign("HMAC", key, joined(text(pool), text(user), block, text(timestamp)));
  return {
    USERNAME: user,
    PASSWORD_CLAIM_SECRET_BLOCK: challenge.SECRET_BLOCK,
    PASSWORD_CLAIM_SIGNATURE: btoa(String.fromCharCode(...new Uint8Array(signature))),
    TIMESTAMP: timestamp,
  };
}

async function derived(keyMaterial, salt) {
  const material = await crypto.subtle.importKey("raw", keyMaterial, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: INFO }, material, 128);
  return crypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** As in "Tue Nov 3 09:05:07 UTC 2026": of all its numbers the day alone has no leading zero. */
function timestampOf(at) {
  const [weekday, dayOfMonth, month, year, time] = at.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${Number(dayOfMonth)} ${time} UTC ${year}`;
}

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % N) {
    if (rest & 1n) result = (result * square) % N;
  }
  return result;
}

const mod = (value) => ((value % N) + N) % N;

const text = (value) => new TextEncoder().encode(value);

const hash = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

const integer = (bytes) => BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);

/** Big-endian, with a zero byte in front where the number would read as negative. */
function padded(value) {
  let digits = value.toString(16);
  if (digits.length % 2) digits = `0${digits}`;
  if (digits[0] >= "8") digits = `00${digits}`;
  return Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
