import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const shim = (name: string) => fileURLToPath(new URL(`src/shim/${name}.ts`, import.meta.url));

// Assets are files of their own, never data in the script: the content security policy of the
// server allows nothing else.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { 'ndarray-ops': shim('ndarray-ops'), ndarray: shim('ndarray') } },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
});
