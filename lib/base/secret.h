/* secret.h - memory for secrets: locked, in no core dump, wiped. May hold a secret. */
/*
 * The memory is memfd_secret(2)'s where the kernel has it: then not even root, nor the kernel
 * itself, reads it by another way than this process's own loads. Elsewhere it is locked (mlock2)
 * and left out of core dumps. A child of fork does not get it at all, and touching it ends the
 * child.
 *
 * What uses a secret leaves copies that no caller can reach: on its stack, in spilled registers, in
 * a library's local variables. Hence dp_secret_call: whatever runs inside it has its stack in this
 * memory too, and when it returns, that stack is wiped and the vector registers are cleared. (A
 * build with --enable-sanitizers runs it where it is, as their runtime knows of the thread's stack
 * alone.)
 */
#ifndef DP_BASE_SECRET_H
#define DP_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_SECRET_SLOT_SIZE 4096            /* bytes of one slot */
#define DP_SECRET_SLOTS 128                 /* slots of a process, 512 KiB in all */
#define DP_SECRET_STACK_SIZE (32 * 1024)    /* bytes of one stack */
#define DP_SECRET_STACKS 16                 /* stacks of a process, with their guards 576 KiB */
#define DP_SECRET_MEMLOCK (2 * 1024 * 1024) /* an RLIMIT_MEMLOCK that is enough */

/**
 * Lock the memory. Call once, before any thread; a second call changes nothing.
 *
 * Returns: DP_OK, DP_ENOMEM (no memory, or RLIMIT_MEMLOCK is too low)
 */
DP_MUST_CHECK
enum dp_err dp_secret_init(void);

/* A slot of DP_SECRET_SLOT_SIZE zero bytes, or NULL where all are in use. */
void *dp_secret_take(void);

/* Wipe a slot, clear the vector registers, and give the slot back. Takes NULL. */
void dp_secret_return(void *slot);

/**
 * A piece of such memory of its own, for the rare answer that no slot holds; zero bytes. Not once
 * the program is in its sandbox.
 *
 * In:  size  a multiple of 4096
 * Returns: NULL where there is none
 */
void *dp_secret_map(size_t size);

/* Wipe it, clear the vector registers, and give it back. Takes NULL. */
void dp_secret_unmap(void *map, size_t size);

/**
 * Call work(arg) on a stack in locked memory. Where all stacks are in use it waits for one, so work
 * must only compute: no input or output, no lock. A call from inside another runs on its stack.
 * dp_secret_init must have been called.
 */
void dp_secret_call(void (*work)(void *arg), void *arg);

#endif
