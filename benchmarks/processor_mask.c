// Loaded before every process of a benchmark: what CPUID says is answered here, without what a
// processor of AVX2 alone does not have. See processor_mask.py.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

enum { EAX, EBX, ECX, EDX };

static struct sigaction program_action; // what the program wants done on SIGSEGV
static int (*libc_sigaction)(int, const struct sigaction *, struct sigaction *);

static void let_cpuid(int through)
{
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, through);
}

// The bits are named in Intel's Software Developer's Manual, volume 2A, CPUID.
static void mask(uint32_t leaf, uint32_t subleaf, uint32_t found[4])
{
    if (leaf == 7 && subleaf == 0) {
        found[EBX] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30)
                        | BIT(31));                                     // AVX-512 F to VL
        found[ECX] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14)); // VBMI, VNNI, BITALG, …
        found[EDX] &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25)); // AMX, fp16
    } else if (leaf == 7 && subleaf == 1) {
        found[EAX] &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23)); // AVX-VNNI, bf16, AMX's fp16, IFMA
        found[EDX] &= ~(BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19)); // further VNNI, AVX10
    } else if (leaf == 0xd && subleaf == 0) {
        found[EAX] &= ~(BIT(5) | BIT(6) | BIT(7) | BIT(17) | BIT(18)); // their registers' state
    } else if (leaf == 0x1d || leaf == 0x1e || leaf == 0x24) { // tiles, AVX10
        memset(found, 0, 4 * sizeof *found);
    }
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)registers[REG_RIP];
    if (info->si_code == SI_KERNEL && at[0] == 0x0f && at[1] == 0xa2) { // CPUID
        uint32_t leaf = registers[REG_RAX], subleaf = registers[REG_RCX], found[4];
        let_cpuid(1);
        __asm__ volatile("cpuid"
                         : "=a"(found[EAX]), "=b"(found[EBX]), "=c"(found[ECX]), "=d"(found[EDX])
                         : "a"(leaf), "c"(subleaf));
        let_cpuid(0);
        mask(leaf, subleaf, found);
        registers[REG_RAX] = found[EAX];
        registers[REG_RBX] = found[EBX];
        registers[REG_RCX] = found[ECX];
        registers[REG_RDX] = found[EDX];
        registers[REG_RIP] += 2;
        return;
    }
    if (program_action.sa_flags & SA_SIGINFO) {
        program_action.sa_sigaction(number, info, context);
    } else if (program_action.sa_handler != SIG_DFL && program_action.sa_handler != SIG_IGN) {
        program_action.sa_handler(number);
    } else { // the instruction faults once more, and ends the process
        struct sigaction usual = {.sa_handler = SIG_DFL};
        libc_sigaction(number, &usual, NULL);
    }
}

// A program's own handler must not take the place of the one above.
int sigaction(int number, const struct sigaction *wanted, struct sigaction *before)
{
    if (number != SIGSEGV) {
        return libc_sigaction(number, wanted, before);
    }
    if (before) {
        *before = program_action;
    }
    if (wanted) {
        program_action = *wanted;
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    libc_sigaction = dlsym(RTLD_NEXT, "sigaction");
    struct sigaction ours = {
        .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK
    };
    libc_sigaction(SIGSEGV, &ours, &program_action);
    let_cpuid(0); // of this thread and all that it begets, until the next execve
}
