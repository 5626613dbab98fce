/**
 * So long may a request's line and headers be, as upstream's servers take them: commands to execute are in the URL, and may
 * be longer than the 16 KiB that Node.js takes by itself. Over HTTP/2 it is 64 KiB, which cannot be changed.
 */
export const maxHeaderBytes = 1 << 20
