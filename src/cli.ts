#!/usr/bin/env node
/**
 * The program `lastcall`. Its only static import is the one that catches signals: a module runs only when everything
 * that it imports statically has been loaded, and loading takes longer than the kubelet may wait before it sends SIGTERM.
 */
import './signals.ts'

await import('./command-line.ts')
