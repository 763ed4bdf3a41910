/* What "easbridge setup" is about to do; cli_setup.c and setup_file.c. */
#ifndef GATEWAY_SETUP_PRIVATE_H
#define GATEWAY_SETUP_PRIVATE_H

#include "gateway/cli/cli_config.h"
#include "gateway/cli/setup.h"

struct plan {
	const struct cli *c;
	struct arena *a;
	struct config *conf;
	const char *address, *path, *ca_file;
	struct found found;
	bool dav;              /* write the section */
	bool keep;             /* name the password's file */
	bool oauth;            /* mail by tokens, too */
	bool signed_in;        /* by this run */
	const char *client;    /* its [oauth NAME] */
	const struct user_conf *to; /* a further source of this user; NULL:
				       a user of its own */
	const char *section;   /* then: its name */
	char password[1024];
};

/* setup_file.c */
/* The user file as it is to be; NULL with a complaint if the present one
 * cannot be read. */
const char *setup_text(struct plan *p, const char *name);
/* Beside the user file. */
const char *setup_secret_path(const struct plan *p);
/* The file and, if it is to be kept, the password's, each whole or not at
 * all; never over a user file that is there, unless it is extended. */
int setup_write(struct plan *p, const char *name);

#endif
