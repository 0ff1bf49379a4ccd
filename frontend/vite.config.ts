/// <reference types="vitest/config" />
import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.ESCUTA_BASE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), lingui({ failOnCompileError: true })],
  build: {
    target: "es2022",
    manifest: true,
    chunkSizeWarningLimit: 700,
    // What nearly every part uses is one file: a dozen small ones compress worse.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: "ground",
              test: /\/src\/(?:(?:lib|api)\/[^?]*|ui\/(?:Avatar|Button|Kbd|states|toast|Tooltip)|features\/ticket\/(?:Strip|drafts|savedDrafts|api))\.tsx?$/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: server, ws: true } } },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 20_000,
  },
});
