/* All runs of the scenarios of a program, several at a time, and the report
 * of each scenario as a cmocka test. */
#ifndef TESTS_FAULT_HELPER_JOBS_H
#define TESTS_FAULT_HELPER_JOBS_H

#include "tests/fault/helper_run.h"

/* The program's main. Environment, for looking closer:
 *   FAULT_ONLY=scenario[:mode[:k]]   only these runs (and the calm one)
 *   FAULT_WORKERS=N                  runs at the same time (default 4)
 * Logs of failed runs stay in build/tmp/<program>. */
int faults_main(const char *program, const struct scenario *v, size_t n);

#endif
