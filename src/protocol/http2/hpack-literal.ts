/**
 * Writes one field as HPACK has it without its tables: a literal without indexing, with a new name. It changes no
 * state of the decoder, so that it may stand at the end of any field block. Pure; no Huffman. RFC 7541 §5 and §6.2.2.
 */

/** The field `name: value`; the name in lower case (RFC 9113 §8.2.1). */
export function literalField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), stringLiteral(name), stringLiteral(value)])
}

function stringLiteral(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length), bytes])
}

/** An integer with a prefix of 7 bits, the eighth being 0 (RFC 7541 §5.1). */
function integer(value: number): Buffer {
  const most = 0x7f
  if (value < most) return Buffer.of(value)
  const bytes = [most]
  let rest = value - most
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
