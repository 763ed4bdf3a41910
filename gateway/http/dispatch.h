/* The command table: the one list of what this server can do. */
#ifndef GATEWAY_DISPATCH_H
#define GATEWAY_DISPATCH_H

#include "gateway/http/request.h"
#include "gateway/http/status.h"
#include "translate/wbxml/wbxml.h"

enum command_flag {
	CMD_EMPTY_BODY = 1,  /* a request without a body is legal */
	CMD_RAW_BODY = 2,    /* <= 12.1: the body is a mail, not WBXML */
	CMD_NO_POLICY = 4,   /* runs without a valid policy key */
	CMD_NO_KEY = 8,      /* need not carry the key (Ping), but a wipe
				stops it */
	CMD_SUPERSEDES = 16  /* ends older waits of the same device */
};

struct command {
	const char *name;    /* as in the query string */
	int code;            /* as in the packed query */
	int since, until;    /* versions; until 0: no end */
	unsigned flags;
	wbxml_tag root;      /* of request and answer */
	wbxml_tag status;    /* the Status that goes into root; 0: none */
	enum status_table errors; /* what request_fail answers with */
	enum cmd_result (*run)(struct request *r);
};

/* Versions offered, ascending, ended by 0. */
extern const int eas_versions[];

const struct command *command_by_name(struct span name); /* any case */
const struct command *command_by_code(int code);
/* Name of a packed code, also of commands that we lack; NULL if none. */
const char *command_code_name(int code);
/* Knows the protocol this command, though we may not. */
bool command_is_known(struct span name);
/* Status tag of a command we lack; 0 if it is none of the protocol's. */
wbxml_tag command_lacking(struct span name);
bool version_offered(int version);

/* Header values: "12.1,14.0,14.1" and "Sync,SendMail,...". */
const char *dispatch_versions(struct arena *a);
const char *dispatch_commands(struct arena *a);

#endif
