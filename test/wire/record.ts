/**
 * Writes down what conversations do today as what their transcripts expect: `node test/wire/record.ts FILE.md...`. For
 * new transcripts; what it wrote is to be read before it is believed.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Scene } from '../fixtures/conversation.ts'
import { encodeOutcome, readTranscripts } from '../fixtures/transcript.ts'

for (const path of process.argv.slice(2)) {
  const markdown = readFileSync(path, 'utf8')
  const lines = markdown.split('\n')
  const edits = readTranscripts(markdown).flatMap(({ name, setting, steps }) => {
    const scene = new Scene(setting)
    return steps.map(({ inputs, expectedAt: [start, end] }) => {
      try {
        for (const input of inputs) scene.feed(input, (bytes) => [bytes])
      } catch (error) {
        throw new Error(`${path}: ${name}`, { cause: error })
      }
      return { start, end, text: encodeOutcome(scene.take()) }
    })
  })
  for (const { start, end, text } of edits.toReversed()) lines.splice(start, end - start, ...text)
  writeFileSync(path, lines.join('\n'))
}
