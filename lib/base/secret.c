/* secret.c - memory for secrets: locked, in no core dump, wiped. May hold a secret. */
#include "base/secret.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define SLOTS_SIZE ((size_t)DP_SECRET_SLOTS * DP_SECRET_SLOT_SIZE)
#define GUARD_SIZE 4096 /* below each stack: a page that cannot be touched */
#define STACK_STEP ((size_t)GUARD_SIZE + DP_SECRET_STACK_SIZE)
#define POOL_SIZE (SLOTS_SIZE + DP_SECRET_STACKS * STACK_STEP)

_Static_assert(POOL_SIZE <= DP_SECRET_MEMLOCK, "the header promises that this is enough");

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the vacant ones */
static uint8_t *pool;
static uint8_t *vacant[DP_SECRET_SLOTS], *vacant_stacks[DP_SECRET_STACKS];
static size_t vacant_count, vacant_stack_count;

/* --- the pool --- */

/* Locked and left out of dumps by its nature; NULL where the kernel lacks it. */
static void *map_secret(size_t size)
{
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    void *map = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, (off_t)size) == 0)
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map != MAP_FAILED ? map : NULL;
}

static void *map_locked(size_t size)
{
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return NULL;
    /* On fault: a slot that is never used never costs memory. Without mlock2, as under valgrind, it
     * does. */
    if ((mlock2(map, size, MLOCK_ONFAULT) == 0 || mlock(map, size) == 0) &&
        madvise(map, size, MADV_DONTDUMP) == 0)
        return map;
    munmap(map, size);
    return NULL;
}

/* By the better way that the kernel has. A child of fork does not get it. */
static void *map_any(size_t size)
{
    void *map = map_secret(size);

    if (map == NULL)
        map = map_locked(size);
    if (map != NULL && madvise(map, size, MADV_DONTFORK) != 0) {
        munmap(map, size);
        map = NULL;
    }
    return map;
}

static bool guard_stacks(uint8_t *stacks)
{
    for (size_t i = 0; i < DP_SECRET_STACKS; i++) {
        if (mprotect(stacks + i * STACK_STEP, GUARD_SIZE, PROT_NONE) != 0)
            return false;
    }
    return true;
}

enum dp_err dp_secret_init(void)
{
    uint8_t *map, *stacks;

    if (pool != NULL)
        return DP_OK;
    map = map_any(POOL_SIZE);
    if (map == NULL)
        return DP_ENOMEM;
    stacks = map + SLOTS_SIZE;
    if (!guard_stacks(stacks)) {
        munmap(map, POOL_SIZE);
        return DP_ENOMEM;
    }
    pool = map;
    /* The last one in is the first one out, so that few pages are touched. */
    for (size_t i = DP_SECRET_SLOTS; i > 0; i--)
        vacant[vacant_count++] = pool + (i - 1) * DP_SECRET_SLOT_SIZE;
    for (size_t i = DP_SECRET_STACKS; i > 0; i--)
        vacant_stacks[vacant_stack_count++] = stacks + (i - 1) * STACK_STEP + GUARD_SIZE;
    return DP_OK;
}

/* --- registers --- */

#if defined(__x86_64__)
__attribute__((target("avx"))) static void clear_avx(void)
{
    __asm__ volatile("vzeroall" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* libc copies with these where it can. */
__attribute__((target("avx512f"))) static void clear_avx512(void)
{
    __asm__ volatile("vpxorq %%zmm16, %%zmm16, %%zmm16\n\tvpxorq %%zmm17, %%zmm17, %%zmm17\n\t"
                     "vpxorq %%zmm18, %%zmm18, %%zmm18\n\tvpxorq %%zmm19, %%zmm19, %%zmm19\n\t"
                     "vpxorq %%zmm20, %%zmm20, %%zmm20\n\tvpxorq %%zmm21, %%zmm21, %%zmm21\n\t"
                     "vpxorq %%zmm22, %%zmm22, %%zmm22\n\tvpxorq %%zmm23, %%zmm23, %%zmm23\n\t"
                     "vpxorq %%zmm24, %%zmm24, %%zmm24\n\tvpxorq %%zmm25, %%zmm25, %%zmm25\n\t"
                     "vpxorq %%zmm26, %%zmm26, %%zmm26\n\tvpxorq %%zmm27, %%zmm27, %%zmm27\n\t"
                     "vpxorq %%zmm28, %%zmm28, %%zmm28\n\tvpxorq %%zmm29, %%zmm29, %%zmm29\n\t"
                     "vpxorq %%zmm30, %%zmm30, %%zmm30\n\tvpxorq %%zmm31, %%zmm31, %%zmm31" ::
                         : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
                           "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
}

static void clear_sse(void)
{
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\t"
                     "pxor %%xmm3, %%xmm3\n\tpxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\t"
                     "pxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7\n\tpxor %%xmm8, %%xmm8\n\t"
                     "pxor %%xmm9, %%xmm9\n\tpxor %%xmm10, %%xmm10\n\tpxor %%xmm11, %%xmm11\n\t"
                     "pxor %%xmm12, %%xmm12\n\tpxor %%xmm13, %%xmm13\n\tpxor %%xmm14, %%xmm14\n\t"
                     "pxor %%xmm15, %%xmm15" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* Copying a key goes through them, and whatever saves them later would save the key. */
static void clear_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        clear_avx();
    else
        clear_sse();
    if (__builtin_cpu_supports("avx512f"))
        clear_avx512();
}
#else
static void clear_registers(void)
{
}
#endif

/* --- slots --- */

void *dp_secret_take(void)
{
    uint8_t *slot = NULL;

    pthread_mutex_lock(&lock);
    if (vacant_count > 0)
        slot = vacant[--vacant_count];
    pthread_mutex_unlock(&lock);
    return slot;
}

void dp_secret_return(void *slot)
{
    if (slot == NULL)
        return;
    assert((uint8_t *)slot >= pool && (uint8_t *)slot < pool + SLOTS_SIZE &&
           (size_t)((uint8_t *)slot - pool) % DP_SECRET_SLOT_SIZE == 0);
    OPENSSL_cleanse(slot, DP_SECRET_SLOT_SIZE);
    clear_registers();
    pthread_mutex_lock(&lock);
    assert(vacant_count < DP_SECRET_SLOTS); /* else one was given back twice */
    vacant[vacant_count++] = slot;
    pthread_mutex_unlock(&lock);
}

/* --- pieces --- */

void *dp_secret_map(size_t size)
{
    return map_any(size);
}

void dp_secret_unmap(void *map, size_t size)
{
    if (map == NULL)
        return;
    OPENSSL_cleanse(map, size);
    clear_registers();
    munmap(map, size);
}

/* --- stacks --- */

#ifdef DP_SANITIZERS
void dp_secret_call(void (*work)(void *arg), void *arg)
{
    assert(pool != NULL);
    work(arg);
}
#else

static pthread_cond_t stack_returned = PTHREAD_COND_INITIALIZER;
static _Thread_local bool inside; /* this thread is in dp_secret_call */

#if defined(__x86_64__)
/* Nothing but the stack pointer changes. The calls of ucontext.h would save and set the mask of
 * signals too, which here is always the same: three system calls. */
static void call_on(uint8_t *stack, void (*work)(void *arg), void *arg)
{
    uint8_t *end = stack + DP_SECRET_STACK_SIZE;

    __asm__ volatile("movq %%rsp, %%rbx\n\tmovq %[end], %%rsp\n\tcallq *%[work]\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(arg), [end] "+S"(end), [work] "+a"(work)
                     :
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2",
                       "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
}
#else
struct call {
    void (*work)(void *arg);
    void *arg;
};

/* makecontext passes on nothing but int. */
static void start(unsigned high, unsigned low)
{
    const struct call *call = (const struct call *)((uintptr_t)high << 16 << 16 | low);

    call->work(call->arg);
}

static void call_on(uint8_t *stack, void (*work)(void *arg), void *arg)
{
    struct call call = {work, arg};
    ucontext_t here, there;

    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = DP_SECRET_STACK_SIZE;
    there.uc_link = &here;
    makecontext(&there, (void (*)(void))start, 2, (unsigned)((uintptr_t)&call >> 16 >> 16),
                (unsigned)(uintptr_t)&call);
    swapcontext(&here, &there);
}
#endif

static uint8_t *take_stack(void)
{
    uint8_t *stack;

    pthread_mutex_lock(&lock);
    while (vacant_stack_count == 0)
        pthread_cond_wait(&stack_returned, &lock);
    stack = vacant_stacks[--vacant_stack_count];
    pthread_mutex_unlock(&lock);
    return stack;
}

static void return_stack(uint8_t *stack)
{
    /* libc's, as it is eight times as fast here as OPENSSL_cleanse and no less sure. */
    explicit_bzero(stack, DP_SECRET_STACK_SIZE);
    clear_registers();
    pthread_mutex_lock(&lock);
    vacant_stacks[vacant_stack_count++] = stack;
    pthread_cond_signal(&stack_returned);
    pthread_mutex_unlock(&lock);
}

void dp_secret_call(void (*work)(void *arg), void *arg)
{
    uint8_t *stack;

    assert(pool != NULL);
    if (inside) {
        work(arg);
        return;
    }
    stack = take_stack();
    inside = true;
    call_on(stack, work, arg);
    inside = false;
    return_stack(stack);
}
#endif
