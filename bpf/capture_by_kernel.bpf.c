// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The filter whose program on a socket reads the headers by the kernel's own types (READ_BY_KERNEL). An
 * object of its own, as libbpf loads none that names a function which the kernel does not have, even if
 * that program is not asked for. Its programs and maps have the same names.
 */
#define CAPTURE_BY_KERNEL
#include "capture.bpf.c"
