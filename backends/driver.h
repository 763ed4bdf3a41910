/* What a kind of source implements; sources.c calls it with deadline
 * and fault points around. A session is used by one thread at a time. The
 * contracts of the calls are those of sources.h. */
#ifndef BACKENDS_DRIVER_H
#define BACKENDS_DRIVER_H

#include "backends/sources.h"

struct source_ops {
	const char *name;
	void *(*open)(const struct source_conf *conf,
		      const struct login *login, int64_t deadline_ms,
		      struct err *e);
	void (*close)(void *s);
	void (*deadline)(void *s, int64_t deadline_ms);
	bool (*alive)(void *s, struct err *e);
	bool (*list)(void *s, struct arena *a, struct folder **v_out,
		     size_t *n_out, struct err *e);
	bool (*changes)(void *s, struct span remote, struct span cursor,
			struct arena *a, struct harvest *out, struct err *e);
	bool (*inventory)(void *s, struct span remote, struct arena *a,
			  struct harvest *out, struct err *e);
	bool (*notes_use)(void *s, struct span mailbox, enum notes_use *out,
			  struct err *e); /* NULL: no mailboxes */
	bool (*status_round)(void *s, const struct span *remotes, size_t n,
			     struct arena *a, struct folder_status *out,
			     struct err *e);
	bool (*mail_info)(void *s, struct span remote, uint32_t uidvalidity,
			  const uint32_t *uids, size_t n, struct arena *a,
			  struct mail_info *out, struct err *e);
	bool (*mail_parts)(void *s, struct span remote, uint32_t uidvalidity,
			   struct mail_want *w, size_t n, struct arena *a,
			   struct err *e);
	bool (*set_flags)(void *s, struct span remote, uint32_t uidvalidity,
			  const uint32_t *uids, size_t n, uint32_t mask,
			  uint32_t flags, struct span add, struct span remove,
			  struct err *e);
	bool (*expunge)(void *s, struct span remote, uint32_t uidvalidity,
			const uint32_t *uids, size_t n, struct err *e);
	bool (*move)(void *s, struct span from, uint32_t uidvalidity,
		     uint32_t uid, struct span to, uint32_t *new_uid,
		     struct err *e);
	bool (*append)(void *s, struct span remote, struct span message,
		       uint32_t flags, int64_t date, uint32_t *uid_out,
		       struct err *e);
	bool (*search)(void *s, struct span remote,
		       const struct search_want *want, struct arena *a,
		       uint32_t **uids_out, size_t *n_out, struct err *e);
	bool (*create_folder)(void *s, struct span parent, struct span name,
			      struct arena *a, struct span *remote_out,
			      struct err *e);
	bool (*rename_folder)(void *s, struct span remote, struct span parent,
			      struct span name, struct arena *a,
			      struct span *remote_out, struct err *e);
	bool (*delete_folder)(void *s, struct span remote, struct err *e);
	/* Whole objects; NULL where a source has none such. */
	bool (*pour)(void *s, struct span remote, object_fn *take, void *ctx,
		     struct err *e);
	bool (*get)(void *s, struct span coll, struct object *v, size_t n,
		    struct arena *a, struct err *e);
	bool (*put)(void *s, struct span coll, enum item_kind kind,
		    struct span name, struct object *io, struct arena *a,
		    struct err *e);
	bool (*remove)(void *s, struct span coll, struct span remote,
		       struct span etag, bool quiet, struct err *e);
	bool (*create_coll)(void *s, enum item_kind kind, struct span place,
			    struct span name, struct arena *a,
			    struct span *remote_out, struct err *e);
	bool (*rename_coll)(void *s, struct span coll, struct span name,
			    struct err *e);
	bool (*delete_coll)(void *s, struct span coll, struct err *e);
	bool (*free_busy)(void *s, struct span who, int64_t from, int64_t to,
			  struct arena *a, struct span *ics_out,
			  struct err *e);
	bool (*schedules)(void *s, bool *out, struct err *e);
};

extern const struct source_ops imap_ops;

/* source_open takes the ops of conf->kind; tests may bring another. */
struct source *source_open_with(const struct source_ops *ops,
				const struct source_conf *conf,
				const struct login *login,
				int64_t deadline_ms, struct err *e);

#endif
