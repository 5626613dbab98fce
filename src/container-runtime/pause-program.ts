/**
 * The program in every pod's sandbox, as machine code. It holds the pod's namespaces open, and where the pod's containers
 * share a process namespace it is process 1 of it and reaps orphans:
 *
 *     block SIGINT, SIGTERM and SIGCHLD
 *     forever: wait for one of them; SIGCHLD reaps every dead child, the others exit with 0
 *
 * Waiting for blocked signals (rather than handling them) needs no handler, no stack and no memory, and works for process 1,
 * to which the kernel does not deliver signals that have no handler.
 */
export function pauseProgram(architecture: string): Uint8Array {
  if (architecture === "amd64") return elf(0x3e, x86Code())
  if (architecture === "arm64") return elf(0xb7, armCode())
  throw new Error(`no pause program for the architecture "${architecture}": it knows amd64 and arm64`)
}

const signals = { interrupt: 2, terminate: 15, childDied: 17 }
const mask = Object.values(signals).reduce((bits, signal) => bits | (1 << (signal - 1)), 0)
const maskBytes = 8
const noWait = 1

const loadAddress = 0x400000
const headerBytes = 64 + 56

/** A static executable: ELF header, one segment to load, code. https://refspecs.linuxfoundation.org/elf/elf.pdf */
function elf(machine: number, code: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(headerBytes + code.length)
  bytes.write("\x7fELF\x02\x01\x01", 0, "latin1") // 64 bit, little endian, version 1
  bytes.writeUInt16LE(2, 16) // an executable
  bytes.writeUInt16LE(machine, 18)
  bytes.writeUInt32LE(1, 20)
  bytes.writeBigUInt64LE(BigInt(loadAddress + headerBytes), 24) // where it starts
  bytes.writeBigUInt64LE(64n, 32) // program headers follow at once
  bytes.writeUInt16LE(64, 52)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(1, 64) // a segment to load,
  bytes.writeUInt32LE(5, 68) // readable and executable
  bytes.writeBigUInt64LE(BigInt(loadAddress), 80)
  bytes.writeBigUInt64LE(BigInt(loadAddress), 88)
  bytes.writeBigUInt64LE(BigInt(bytes.length), 96)
  bytes.writeBigUInt64LE(BigInt(bytes.length), 104)
  bytes.writeBigUInt64LE(0x1000n, 112)
  bytes.set(code, headerBytes)
  return bytes
}

/** System calls: rt_sigprocmask 14, exit 60, wait4 61, rt_sigtimedwait 128. */
function x86Code(): Uint8Array {
  const code: number[] = []
  const emit = (...bytes: number[]) => void code.push(...bytes)
  const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255]
  const systemCall = (number: number) => emit(0xb8, ...word(number), 0x0f, 0x05) // mov eax, number; syscall
  const zero = {
    rdi: () => emit(0x31, 0xff),
    rsi: () => emit(0x31, 0xf6),
    rdx: () => emit(0x31, 0xd2),
    r10: () => emit(0x45, 0x31, 0xd2),
  }
  const jump = (opcode: number, target: number) => emit(opcode, (target - code.length - 2) & 255)

  emit(0x68, ...word(mask)) // push mask
  emit(0x48, 0x89, 0xe3) // mov rbx, rsp
  zero.rdi() // SIG_BLOCK
  emit(0x48, 0x89, 0xde) // mov rsi, rbx
  zero.rdx()
  emit(0x41, 0xba, ...word(maskBytes)) // mov r10d, maskBytes
  systemCall(14)
  const wait = code.length
  emit(0x48, 0x89, 0xdf) // mov rdi, rbx
  zero.rsi()
  zero.rdx()
  emit(0x41, 0xba, ...word(maskBytes))
  systemCall(128)
  emit(0x83, 0xf8, signals.childDied) // cmp eax, SIGCHLD
  const toReap = code.length
  jump(0x74, 0) // je reap
  emit(0x85, 0xc0) // test eax, eax
  jump(0x78, wait) // js wait: interrupted
  zero.rdi()
  systemCall(60)
  const reap = code.length
  code[toReap + 1] = reap - toReap - 2
  emit(0x48, 0x83, 0xcf, 0xff) // or rdi, -1: any child
  zero.rsi()
  emit(0xba, ...word(noWait)) // mov edx, WNOHANG
  zero.r10()
  systemCall(61)
  emit(0x85, 0xc0) // test eax, eax
  jump(0x7f, reap) // jg reap: there may be more
  jump(0xeb, wait)
  return Uint8Array.from(code)
}

/** System calls: exit 93, rt_sigprocmask 135, rt_sigtimedwait 137, wait4 260. */
function armCode(): Uint8Array {
  const code: number[] = []
  const emit = (instruction: number) => void code.push(instruction >>> 0)
  const move = (register: number, value: number) => emit(0xd2800000 | (value << 5) | register)
  const systemCall = (number: number) => {
    move(8, number)
    emit(0xd4000001) // svc #0
  }
  const compare = (register: number, value: number) => emit(0xf100001f | (value << 10) | (register << 5))
  const branch = (condition: number, target: number) =>
    emit(0x54000000 | (((target - code.length) & 0x7ffff) << 5) | condition)
  const equal = 0
  const less = 11
  const greater = 12

  move(9, mask & 0xffff)
  emit(0xf2a00000 | ((mask >>> 16) << 5) | 9) // movk x9, the upper half
  emit(0xf81f0fe9) // str x9, [sp, #-16]!
  emit(0x910003f3) // mov x19, sp
  move(0, 0) // SIG_BLOCK
  emit(0xaa1303e1) // mov x1, x19
  move(2, 0)
  move(3, maskBytes)
  systemCall(135)
  const wait = code.length
  emit(0xaa1303e0) // mov x0, x19
  move(1, 0)
  move(2, 0)
  move(3, maskBytes)
  systemCall(137)
  compare(0, signals.childDied)
  const toReap = code.length
  branch(equal, toReap)
  compare(0, 0)
  branch(less, wait) // interrupted
  move(0, 0)
  systemCall(93)
  const reap = code.length
  code[toReap] = 0x54000000 | ((reap - toReap) << 5) | equal
  emit(0x92800000) // mov x0, -1: any child
  move(1, 0)
  move(2, noWait)
  move(3, 0)
  systemCall(260)
  compare(0, 0)
  branch(greater, reap) // there may be more
  emit(0x14000000 | ((wait - code.length) & 0x3ffffff)) // b wait
  const bytes = Buffer.alloc(code.length * 4)
  for (const [index, instruction] of code.entries()) bytes.writeUInt32LE(instruction >>> 0, index * 4)
  return bytes
}
