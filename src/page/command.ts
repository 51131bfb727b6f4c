/**
 * The button that drains and resumes. Where a token is required, it is asked for each time, sent once, and forgotten: it
 * never gets into the address, into any storage, or past the end of the call.
 */
import type { LiveParts } from '../proxy/admin/live.ts'
import { byId, mark, say } from './dom.ts'

type Command = 'drain' | 'resume'
const LABELS: Readonly<Record<Command, string>> = { drain: 'Drain', resume: 'Resume' }

const button = byId('command', HTMLButtonElement)
const answer = byId('answer')
const dialog = byId('ask', HTMLDialogElement)
const form = byId('ask-form', HTMLFormElement)
const input = byId('token', HTMLInputElement)
const error = byId('ask-error')
const send = byId('ask-send', HTMLButtonElement)

let command: Command | undefined
let guarded = false
/** A call is under way. The button is not disabled meanwhile, which would take the focus from it. */
let busy = false

/** What can be done now; nothing while there is no connection. */
export function offer(phase: LiveParts['phase'] | undefined, tokenRequired: boolean): void {
  guarded = tokenRequired
  const drains = phase !== undefined && !['starting', 'serving', 'exited'].includes(phase.name)
  command = phase === undefined || phase.name === 'exited' ? undefined : drains ? 'resume' : 'drain'
  if (drains && !phase.resumable) command = undefined
  button.disabled = command === undefined
  button.hidden = phase !== undefined && command === undefined
  say(button, LABELS[command ?? 'drain'])
  if (button.hidden) tell(phase?.name === 'exited' ? '' : 'This stop cannot be taken back.')
}

/** Once for the page. */
export function listen(): void {
  button.addEventListener('click', () => {
    if (command === undefined || busy) return
    if (guarded) ask(command)
    else void run(command)
  })
  byId('ask-cancel').addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => (input.value = ''))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (busy) return
    const token = input.value
    input.value = ''
    void run(send.value as Command, token)
  })
}

function ask(what: Command, why = ''): void {
  send.value = what
  say(send, LABELS[what])
  say(error, why)
  if (!dialog.open) dialog.showModal()
  input.focus()
}

async function run(what: Command, token?: string): Promise<void> {
  tell('')
  busy = true
  try {
    const response = await fetch(what, {
      method: 'POST',
      cache: 'no-store',
      credentials: 'omit',
      // The token is for this port alone.
      redirect: 'error',
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    })
    if (response.status === 401) {
      ask(what, token === undefined ? '' : 'This is not the token.')
      return
    }
    dialog.close()
    if (response.status === 409) tell('The pod stops: this drain cannot be taken back.', true)
    else if (!response.ok) tell((await response.text()).trim(), true)
  } catch {
    dialog.close()
    tell('No answer: is lastcall still there?', true)
  } finally {
    busy = false
  }
}

function tell(text: string, bad = false): void {
  say(answer, text)
  mark(answer, 'tone', bad ? 'bad' : undefined)
}
