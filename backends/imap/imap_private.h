/* The work session of the IMAP driver, shared by imap_*.c. libetpan parses
 * what is grammar (FETCH, LIST); everything else is read by imap_scan.c and
 * never reaches it (imap_stream.c: why). */
#ifndef BACKENDS_IMAP_PRIVATE_H
#define BACKENDS_IMAP_PRIVATE_H

#include <libetpan/libetpan.h>

#include "backends/driver.h"
#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_names.h"
#include "backends/imap/imap_scan.h"
#include "base/limits.h"

#define WINDOW 200       /* UIDs in one FETCH */
#define SET_BYTES 6000   /* of a UID set in one command */
#define LIST_CHUNK 2000  /* mails in one piece of a first listing */
#define IN_FLIGHT 8      /* commands sent ahead of their answers; together
			    they must fit into socket buffers */

enum answer { ANSWER_NONE, ANSWER_OK, ANSWER_NO, ANSWER_BAD };

/* Called with each untagged line that libetpan does not get. */
typedef void line_fn(void *ctx, struct span line);

struct imap {
	struct conn *c;
	unsigned caps;
	char *sent, *trash, *drafts, *junk; /* overrides or NULL */
	char *notes_box; /* NULL: by name; "": none */
	struct note_rows *notes; /* of one mailbox; or NULL */

	mailimap *m; /* libetpan's parser */
	unsigned tag;        /* last sent */
	unsigned awaiting;   /* whose answer is being read */
	enum answer answer;
	struct {
		unsigned tag;
		enum answer answer;
	} early[IN_FLIGHT];  /* finished before an older command was */
	size_t n_early;
	bool no_data;        /* the last wait found its answer there */
	struct buf text;     /* of the tagged answer, behind OK/NO/BAD */
	struct buf copyuid;  /* COPYUID of an untagged OK (MOVE) */
	line_fn *on_line;
	void *ctx;
	bool dead;

	/* imap_stream.c: what libetpan is fed with */
	struct span feed;    /* rest of a line */
	uint64_t feed_literal;
	bool in_fetch;       /* the line goes on behind the literal */
	int depth;           /* of parentheses in it */
	bool quoted;

	char *selected;      /* name on the wire, or NULL */
	bool read_only;
	uint32_t uidvalidity, uidnext, exists;
	uint64_t modseq;     /* 0: none */
	struct {
		uint32_t uidvalidity, uidnext, exists;
		uint64_t modseq;
	} opened;            /* as it was when it was selected */
	bool moved;          /* the server told of a change since, or we
				made one */
	bool asked_fetch;    /* by the last command */

	char delimiter;      /* 0: not asked yet */
	char *prefix;        /* of personal mailboxes, "" mostly; or NULL */
};

/* imap_stream.c */
bool stream_open(struct imap *s);
void stream_close(struct imap *s);
/* Reads lines up to the tagged answer, feeding nothing to libetpan; true
 * at a continuation too (then answer is ANSWER_NONE). */
bool stream_skip(struct imap *s);

/* imap_session.c */
void *imap_open(const struct source_conf *conf, const struct login *login,
		int64_t deadline_ms, struct err *e);
void imap_close(void *s);
void imap_deadline(void *s, int64_t deadline_ms);
/* Sends one command; a piece {n} in it is preceded by imap_literal. */
bool imap_send(struct imap *s, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Reads the answer of the oldest unanswered command (tags run upwards). The
 * FETCH and LIST data are in s->m->imap_response_info until the next wait.
 * False: the session is dead, or libetpan could not read the data: then
 * e is ERR_PEER/SCOPE_ITEM and the session goes on. */
bool imap_wait(struct imap *s, unsigned tag, struct err *e);
/* Both; false also for NO and BAD, judged as ERR for `what`. */
bool imap_do(struct imap *s, const char *what, struct err *e, const char *fmt,
	     ...) __attribute__((format(printf, 4, 5)));
bool imap_judge(struct imap *s, const char *what, struct err *e);
bool imap_lost(struct imap *s, struct err *e);
/* Selects afresh if asked or if another one is selected. uidvalidity 0: any. */
bool imap_select(struct imap *s, struct span remote, uint32_t uidvalidity,
		 bool fresh, struct err *e);
/* The selected mailbox is not known any more to be as it was opened. */
void imap_moved(struct imap *s);
/* Wire name, quoted; NULL and e if it cannot be one. */
const char *imap_box(struct arena *a, struct span remote, struct err *e);
/* The next command's worth of ascending UIDs as a set in text; returns how
 * many (at least 1 if n > 0). */
size_t imap_set(const uint32_t *uids, size_t n, size_t most, char *text,
		size_t room);
/* `UID SEARCH what`: ascending UIDs. */
bool imap_uids(struct imap *s, const char *what, struct arena *a,
	       uint32_t **out, size_t *n_out, struct err *e);
clist *imap_fetched(struct imap *s);
/* A command with literals, each where `breaks` says a piece ends. */
bool imap_send_pieces(struct imap *s, const struct span *pieces, size_t n,
		      struct err *e);
uint32_t *imap_sorted(struct arena *a, const uint32_t *uids, size_t n);

/* imap_fetch.c: one message of a FETCH */
struct fetched {
	uint32_t uid, flags, size;
	struct span keywords; /* arena */
	int64_t date;
	bool has_flags;
	struct mailimap_body *structure;
	struct mailimap_msg_att_body_section *body; /* the one section */
};
void imap_fetched_read(struct mailimap_msg_att *att, struct arena *a,
		       struct fetched *out);
/* Its place in an ascending list, or -1. */
ptrdiff_t imap_find_uid(const uint32_t *v, size_t n, uint32_t uid);
/* Bytes of a section into the arena; large ones change owner. */
struct span imap_body_take(struct arena *a,
			   struct mailimap_msg_att_body_section *b);

/* imap_structure.c */
struct mail_part *imap_structure(struct arena *a, struct mailimap_body *b);

/* imap_folders.c: delimiter and prefix, once a session. */
bool imap_learn_shape(struct imap *s, struct err *e);
/* \Noselect, \NonExistent. */
bool imap_list_is_holder(const struct mailimap_mbx_list_flags *flags);
/* imap_note_rows.c */
void imap_notes_close(struct imap *s);

/* The calls of the driver for mails (imap_driver.c has all). */
bool imap_list(void *s, struct arena *a, struct folder **v_out, size_t *n_out,
	       struct err *e);
bool imap_status_round(void *s, const struct span *remotes, size_t n,
		       struct arena *a, struct folder_status *out,
		       struct err *e);
bool imap_create_folder(void *s, struct span parent, struct span name,
			struct arena *a, struct span *remote_out,
			struct err *e);
bool imap_rename_folder(void *s, struct span remote, struct span parent,
			struct span name, struct arena *a,
			struct span *remote_out, struct err *e);
bool imap_delete_folder(void *s, struct span remote, struct err *e);
bool imap_changes(void *s, struct span remote, struct span cursor,
		  struct arena *a, struct harvest *out, struct err *e);
bool imap_inventory(void *s, struct span remote, struct arena *a,
		    struct harvest *out, struct err *e);
bool imap_mail_info(void *s, struct span remote, uint32_t uidvalidity,
		    const uint32_t *uids, size_t n, struct arena *a,
		    struct mail_info *out, struct err *e);
bool imap_mail_parts(void *s, struct span remote, uint32_t uidvalidity,
		     struct mail_want *w, size_t n, struct arena *a,
		     struct err *e);
bool imap_set_flags(void *s, struct span remote, uint32_t uidvalidity,
		    const uint32_t *uids, size_t n, uint32_t mask,
		    uint32_t flags, struct span add, struct span remove,
		    struct err *e);
bool imap_expunge(void *s, struct span remote, uint32_t uidvalidity,
		  const uint32_t *uids, size_t n, struct err *e);
bool imap_move(void *s, struct span from, uint32_t uidvalidity, uint32_t uid,
	       struct span to, uint32_t *new_uid, struct err *e);
bool imap_append(void *s, struct span remote, struct span message,
		 uint32_t flags, int64_t date, uint32_t *uid_out,
		 struct err *e);
bool imap_search(void *s, struct span remote, const struct search_want *want,
		 struct arena *a, uint32_t **uids_out, size_t *n_out,
		 struct err *e);

#endif
