/* Test servers that start at the same time, as they do when many programs run:
 * no two get the same port, not even before they bind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKERS 25
#define PORTS 13
#define STACKS 3

struct asker {
	pid_t pid;
	int in;
	FILE *out;
};

/* One that asks for ports, and keeps them until a->in is closed. */
static void
ask(struct asker *a)
{
	int in[2], out[2];
	char n[12];

	snprintf(n, sizeof(n), "%d", PORTS);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	a->pid = fork();
	if (a->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		/* or it would hold the others' ends */
		for (int i = 3; i < 256; i++)
			close(i);
		execlp("python3", "python3", "tests/servers/ports.py", n,
		       (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	a->in = in[1];
	a->out = fdopen(out[0], "r");
}

static void
no_port_twice(void **state)
{
	static struct asker v[ASKERS];
	static unsigned char seen[65536];
	int i, k, port, status;

	(void)state;
	for (i = 0; i < ASKERS; i++)
		ask(&v[i]);
	for (i = 0; i < ASKERS; i++)
		for (k = 0; k < PORTS; k++) {
			assert_int_equal(fscanf(v[i].out, "%d", &port), 1);
			assert_in_range(port, 1024, 65535);
			if (seen[port]++)
				fail_msg("port %d went to two", port);
		}
	for (i = 0; i < ASKERS; i++) {
		close(v[i].in);
		fclose(v[i].out);
		assert_int_equal(waitpid(v[i].pid, &status, 0), v[i].pid);
		assert_int_equal(status, 0);
	}
}

/* All of them come up. */
static void
side_by_side(void **state)
{
	pid_t pid[STACKS];
	int i, status, bad = 0;
	char cmd[200];

	(void)state;
	for (i = 0; i < STACKS; i++) {
		snprintf(cmd, sizeof(cmd), "d=build/tmp/test_stacks/s%d; "
			 "mkdir -p $d && tests/servers/stack up $d "
			 "--users 2 --with radicale && "
			 "tests/servers/stack status $d | grep -c running | "
			 "grep -qx 4", i);
		pid[i] = fork();
		if (pid[i] == 0) {
			execlp("sh", "sh", "-c", cmd, (char *)NULL);
			_exit(127);
		}
	}
	for (i = 0; i < STACKS; i++) {
		waitpid(pid[i], &status, 0);
		bad += status != 0;
	}
	for (i = 0; i < STACKS; i++) {
		snprintf(cmd, sizeof(cmd),
			 "tests/servers/stack down build/tmp/test_stacks/s%d",
			 i);
		assert_int_equal(system(cmd), 0);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_port_twice),
		cmocka_unit_test(side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
