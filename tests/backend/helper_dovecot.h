/* A private Dovecot in a temporary folder, on free ports of 127.0.0.1, with
 * users user1..user9 / pass1..pass9. */
#ifndef TESTS_BACKEND_HELPER_DOVECOT_H
#define TESTS_BACKEND_HELPER_DOVECOT_H

#include <stdbool.h>

struct dovecot {
	char dir[64];
	char ca[96];       /* CA of the server's certificate */
	char other_ca[96]; /* another one */
	unsigned imap, imaps;
};

bool dovecot_there(void); /* installed? */
bool dovecot_up(struct dovecot *d);
void dovecot_down(struct dovecot *d);
/* A free port of 127.0.0.1. */
unsigned free_port(void);

#endif
