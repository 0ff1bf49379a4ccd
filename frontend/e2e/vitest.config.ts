import { defineConfig } from "vitest/config";

// Real browsers against a real server: one after the other, with patience.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.e2e.ts"],
    environment: "node",
    globalSetup: ["server.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
