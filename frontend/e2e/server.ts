import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    /** host:port at which it receives mail. */
    smtp: string;
    admin: { email: string; password: string };
  }
}

const ready = 90_000;

/**
 * Starts bin/escuta on engines and a folder of its own. With ESCUTA_E2E_URL the
 * tests use a server that is already there, whose first admin is named by
 * ESCUTA_ADMIN_EMAIL and ESCUTA_ADMIN_PASSWORD, and which takes mail at
 * ESCUTA_E2E_SMTP.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const admin = {
    email: process.env.ESCUTA_ADMIN_EMAIL ?? "admin@example.test",
    password: process.env.ESCUTA_ADMIN_PASSWORD ?? "uma frase longa para o teste",
  };
  project.provide("admin", admin);
  const running = process.env.ESCUTA_E2E_URL;
  if (running) {
    project.provide("url", running.replace(/\/$/, ""));
    project.provide("smtp", process.env.ESCUTA_E2E_SMTP ?? "127.0.0.1:2525");
    return async () => {};
  }

  const server = await serve({
    ESCUTA_ADMIN_EMAIL: admin.email,
    ESCUTA_ADMIN_PASSWORD: admin.password,
  });
  project.provide("url", server.url);
  project.provide("smtp", server.smtp);
  return server.stop;
}

/** Memory where there is room, as the tests of Go have it: an engine's files are many. */
function scratch(): string {
  const memory = "/dev/shm";
  if (process.env.TMPDIR || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= 8 * 2 ** 30 ? memory : tmpdir();
}

export interface Server {
  url: string;
  /** host:port at which it receives mail. */
  smtp: string;
  /** Its engines, for another server that is to be a node beside it. */
  engines: { ESCUTA_DATABASE_URL: string; ESCUTA_REDIS_URL: string };
  stop: () => Promise<void>;
  /** Ends it as a machine ends that loses its power. */
  kill: () => Promise<void>;
}

/** Starts bin/escuta on engines and a folder of its own; what is set here goes before the usual. */
export async function serve(settings: Record<string, string>): Promise<Server> {
  const binary = resolve(process.env.ESCUTA_BIN ?? join(import.meta.dirname, "../../bin/escuta"));
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run \`make build\` first`);
  const folder = mkdtempSync(join(scratch(), "escuta-e2e-"));
  chmodSync(folder, 0o755); // the engines run as another user when we are root
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const smtp = `127.0.0.1:${await freePort()}`;
  const server = spawn(binary, ["serve"], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ESCUTA_DATA_DIR: join(folder, "data"),
      ESCUTA_ADDR: `127.0.0.1:${port}`,
      ESCUTA_BASE_URL: url,
      ESCUTA_SMTP_ADDR: smtp,
      ESCUTA_PUBLIC_LIMIT: "0",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const note = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8000);
  };
  server.stdout.on("data", note);
  server.stderr.on("data", note);
  const exited = new Promise<void>((done) => server.once("exit", () => done()));

  await answers(`${url}/readyz`, () => {
    if (server.exitCode !== null) throw new Error(`escuta ended with ${server.exitCode}:\n${log}`);
    return log;
  });
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) server.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const kill = async () => {
    server.kill("SIGKILL");
    await exited;
  };
  const run = join(folder, "data/run");
  const engines = {
    ESCUTA_DATABASE_URL: `postgres:///escuta?host=${encodeURIComponent(run)}&user=escuta&sslmode=disable`,
    ESCUTA_REDIS_URL: `unix://${join(run, "redis.sock")}`,
  };
  return { url, smtp, engines, stop, kill };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

async function answers(url: string, log: () => string): Promise<void> {
  const deadline = Date.now() + ready;
  while (Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    log();
    await new Promise((wait) => setTimeout(wait, 200));
  }
  throw new Error(`${url} did not answer in time:\n${log()}`);
}
