#!/usr/bin/env node
/**
 * The program `lastcall`. Its only static import is the one that catches signals: a module runs only when everything
 * that it imports statically has been loaded, and loading takes longer than the kubelet may wait before it sends SIGTERM.
 */
import './proxy/process/signals.ts'

await import('./cli/command-line.ts')
