#include "gateway/outgoing/notice.h"

#include "base/clock.h"
#include "base/codec.h"
#include "gateway/accounts/sessions.h"
#include "translate/mail/compose.h"

/* The mail itself as a part; message/rfc822 is never encoded (RFC 2046). */
static struct span
as_part(struct arena *arena, struct span mail)
{
	return compose_join(arena,
			    SPAN("Content-Type: message/rfc822\r\n"
				 "Content-Transfer-Encoding: 8bit\r\n"
				 "Content-Disposition: attachment; "
				 "filename=message.eml\r\n\r\n"),
			    mail);
}

static struct span
notice_text(const struct user_conf *user, const struct notice *n,
	    struct span message_id, struct arena *arena)
{
	struct compose_attachment original = {
		.content = as_part(arena, n->mail), .raw = true
	};
	struct span own = span_of(user->emails[0]);
	struct compose_fields f = { .to = own, .subject = n->subject,
				    .importance = 2, .body = n->words,
				    .attachments = &original,
				    .n_attachments = 1 };
	struct compose_user from = { .own = &own, .n_own = 1,
				     .now = clock_wall(),
				     .token = SPAN("notice") };

	return compose_join(arena,
			    span_of(arena_printf(arena,
						 "Message-ID: " SPAN_FMT
						 "\r\n",
						 SPAN_ARG(message_id))),
			    compose_fields(arena, &f, &from));
}

/* Its Message-ID depends on the matter, so that it is written once however
 * often the phone asks. */
static bool
append(struct source *s, const struct user_conf *user, const struct notice *n,
       struct arena *arena, struct err *e)
{
	uint64_t h = hash64(SPAN("notice"), n->name);
	struct span id = span_of(arena_printf(arena, "<%016llx@easbridge>",
					      (unsigned long long)h));
	struct search_want want = { .message_id = id };
	uint32_t *uids, uid;
	size_t found;

	if (!source_search(s, SPAN("INBOX"), &want, arena, &uids, &found, e))
		return false;
	return found > 0 ||
	       source_append(s, SPAN("INBOX"),
			     notice_text(user, n, id, arena), 0, clock_wall(),
			     &uid, e);
}

bool
notice_put(struct account *a, const struct user_conf *user,
	   const struct notice *n, struct arena *arena, int64_t deadline_ms,
	   struct err *e)
{
	struct source *s = account_checkout_mail(a, deadline_ms, e);
	bool ok = s != NULL && append(s, user, n, arena, e);

	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}
