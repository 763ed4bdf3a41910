/* Every command, once. Lines of help are at most 76 wide; examples begin
 * with two blanks. */
#include "gateway/cli/cli.h"

const struct cli_command cli_commands[] = {
	{ "serve", "", 0, 0, CLI_CONF, cli_serve,
	  "Run the gateway.",
	  "Runs in the foreground and logs to standard error. SIGHUP reads\n"
	  "configuration and certificates again, SIGTERM stops.\n"
	  "\n"
	  "  easbridge serve -c /etc/easbridge/easbridge.conf\n" },
	{ "status", "", 0, 0, CLI_CONF | CLI_JSON, cli_status,
	  "How the running easbridge is.",
	  "3 if none runs with the state folder of this configuration.\n"
	  "\n"
	  "  easbridge status\n"
	  "  easbridge status --json | jq .waiting\n" },
	{ "health", "", 0, 0, CLI_CONF | CLI_JSON | CLI_URL, cli_health,
	  "Does easbridge answer, and is it well?",
	  "Asks /healthz over HTTP where the configuration says that\n"
	  "easbridge listens (metrics-listen, else listen), for containers\n"
	  "and monitors: 0 it is well, 1 it is not, 3 nothing answers.\n"
	  "\n"
	  "  easbridge health\n"
	  "  easbridge health --url http://127.0.0.1:8080\n" },
	{ "users", "", 0, 0, CLI_CONF | CLI_JSON, cli_users,
	  "Who is served, and how many phones each has.",
	  "Users of a template show up once they have been there.\n"
	  "\n"
	  "  easbridge users\n" },
	{ "devices", "[USER]", 0, 1, CLI_CONF | CLI_JSON, cli_devices,
	  "The phones, of all users or of one.",
	  "  easbridge devices\n"
	  "  easbridge devices alice --json\n" },
	{ "device show", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON, cli_device,
	  "All that is known of one phone.",
	  "DEVICE is its id, or as much of it as no other phone has.\n"
	  "\n"
	  "  easbridge device show alice ApplDNPH\n" },
	{ "device block", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON,
	  cli_device, "Let one phone in no longer.",
	  "What it has stays on it; \"device wipe\" erases that.\n"
	  "\n"
	  "  easbridge device block alice ApplDNPH\n" },
	{ "device allow", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON,
	  cli_device, "Let a phone in again that was blocked or wiped.",
	  "Also takes an order to wipe back that the phone did not follow\n"
	  "yet.\n"
	  "\n"
	  "  easbridge device allow alice ApplDNPH\n" },
	{ "device release", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON,
	  cli_device, "Take edits again from a phone that ran away.",
	  "A phone that adds the same content again and again, changes one item\n"
	  "without end or writes thousands of items is slowed, and stopped if it\n"
	  "goes on: \"devices\" shows it as held, \"device show\" why. What it has\n"
	  "to say waits on it and comes after this order; look at the phone\n"
	  "before. Reading and mail go on meanwhile.\n"
	  "\n"
	  "  easbridge device show alice ApplDNPH\n"
	  "  easbridge device release alice ApplDNPH\n" },
	{ "device wipe", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON | CLI_YES,
	  cli_device, "Erase a phone that was lost.",
	  "The phone is told when it asks next. Most phones erase EVERYTHING\n"
	  "on them, not this account alone. Afterwards it stays shut out\n"
	  "until \"device allow\".\n"
	  "\n"
	  "  easbridge device wipe alice ApplDNPH\n"
	  "  easbridge device show alice ApplDNPH   (was it told?)\n" },
	{ "device wipe-account", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON,
	  cli_device, "Take this account off a phone.",
	  "The phone is told when it asks next, and removes what it has of\n"
	  "this account and nothing else. Only phones that speak protocol\n"
	  "16.1 know that order; others are refused here. Afterwards it stays\n"
	  "shut out until \"device allow\".\n"
	  "\n"
	  "  easbridge device wipe-account alice ApplDNPH\n" },
	{ "device classes", "USER DEVICE [CLASSES]", 2, 3,
	  CLI_CONF | CLI_JSON, cli_classes,
	  "What a phone is given: mail, contacts, calendar, tasks, notes.",
	  "CLASSES separated by commas, or all; without it they are shown.\n"
	  "Folders of other classes leave that phone at once, and come back\n"
	  "with all they hold, once; the servers and other phones do not\n"
	  "notice. Some mail programs dislike an account without mail.\n"
	  "\n"
	  "  easbridge device classes alice ApplDNPH contacts\n"
	  "  easbridge device classes alice ApplDNPH all\n" },
	{ "device forget", "USER DEVICE", 2, 2, CLI_CONF | CLI_JSON,
	  cli_device, "Remove a phone that is not used any more.",
	  "If it comes again it is a new one: one that is blocked or wiped\n"
	  "would be let in.\n"
	  "\n"
	  "  easbridge device forget alice ApplDNPH\n" },
	{ "device trace", "USER DEVICE on|off", 3, 3, CLI_CONF | CLI_JSON,
	  cli_device, "Write down what a phone says, or stop and delete it.",
	  "Private contents are masked; \"easbridge trace FOLDER\" shows them.\n"
	  "\n"
	  "  easbridge device trace alice ApplDNPH on\n"
	  "  easbridge trace /var/lib/easbridge/trace/ApplDNPH123\n"
	  "  easbridge device trace alice ApplDNPH off\n" },
	{ "device view", "USER DEVICE auto|merged|separate", 3, 3,
	  CLI_CONF | CLI_JSON, cli_device,
	  "Show a phone each calendar and address book, or one of each.",
	  "merged is for phones that can show one calendar, one address book,\n"
	  "one task list: it has everything in it. auto, as at first: what is\n"
	  "known of phones of its type, or the setting views of the user. The\n"
	  "phone drops the old folders and fetches the new ones by itself.\n"
	  "\n"
	  "  easbridge device view alice SEC1A2B merged\n" },
	{ "source list", "USER", 1, 1, CLI_CONF | CLI_JSON, cli_source,
	  "The sources of a user: mailboxes, contacts and calendars.",
	  "  easbridge source list alice\n" },
	{ "source off", "USER SOURCE", 2, 2, CLI_CONF | CLI_JSON, cli_source,
	  "Take one source from the phones.",
	  "Its folders and items leave the phones of this user at once, and\n"
	  "everything else stays. SOURCE is the name of its section: work for\n"
	  "[mail work], dav for [dav]. Kept in the state folder, over\n"
	  "restarts; the user file is not touched (there \"enabled = no\" does\n"
	  "the same). The account's own mailbox, the first, cannot be off:\n"
	  "\"device classes\" takes mail from one phone.\n"
	  "\n"
	  "  easbridge source off alice work\n" },
	{ "source on", "USER SOURCE", 2, 2, CLI_CONF | CLI_JSON, cli_source,
	  "Bring a source back that was switched off.",
	  "Each of its items comes once; nothing else is sent again.\n"
	  "\n"
	  "  easbridge source on alice work\n" },
	{ "state check", "[USER]", 0, 1, CLI_CONF | CLI_JSON, cli_state,
	  "Does the state hold together?",
	  "Looks for rows that contradict each other: of all users, or of one.\n"
	  "Asks the running easbridge; where none runs, it reads the state\n"
	  "folder itself. 1 if something is wrong (\"verify --repair\" sets it\n"
	  "right).\n"
	  "\n"
	  "  easbridge state check\n" },
	{ "state dump", "[USER]", 0, 1, CLI_CONF | CLI_UNMASKED, cli_state,
	  "What the state holds of a user, in words.",
	  "Folders, how much of each is known, and how far each phone is with\n"
	  "it. No contents; names are masked unless --unmasked is given.\n"
	  "\n"
	  "  easbridge state dump alice\n" },
	{ "resync", "USER DEVICE [FOLDER]", 2, 3,
	  CLI_CONF | CLI_JSON | CLI_NO_WAIT, cli_resync,
	  "Make a phone, or one folder of it, start over.",
	  "For a phone that shows something else than the server holds and\n"
	  "that \"verify --repair\" does not set right. Everything is removed\n"
	  "from it and sent again, once; the servers lose nothing; what the\n"
	  "phone changed and did not send yet may be lost. FOLDER is a name,\n"
	  "or a number as \"resync\" prints them. The command shows how far\n"
	  "the phone is until it has everything; interrupting it, or\n"
	  "--no-wait, changes nothing about that.\n"
	  "\n"
	  "  easbridge resync alice ApplDNPH\n"
	  "  easbridge resync alice ApplDNPH Inbox --no-wait\n" },
	{ "verify", "USER [DEVICE]", 1, 2, CLI_CONF | CLI_JSON | CLI_REPAIR,
	  cli_verify, "Compare the servers with what the phones have.",
	  "Lists every folder that phones synchronise afresh at its server\n"
	  "(names, flags, versions; no contents) and compares, item by item,\n"
	  "what easbridge knows and what it knows each phone to have. What is\n"
	  "merely on its way to a phone is no difference. --repair brings\n"
	  "easbridge to what the server says and has the phones sent exactly\n"
	  "the difference. easbridge does that by itself once a day (setting\n"
	  "verify). 1 if something differs, or could not be compared.\n"
	  "\n"
	  "  easbridge verify alice\n"
	  "  easbridge verify alice ApplDNPH --repair\n" },
	{ "unlink", "USER [CARD CARD]", 1, 3, CLI_CONF | CLI_JSON, cli_unlink,
	  "Keep two cards apart that merged contacts show as one.",
	  "For users with \"link = on\". CARD is the path that \"duplicates\"\n"
	  "shows, with SOURCE: before it where two servers have the same. The\n"
	  "phones get the cards at once; nothing changes at the servers.\n"
	  "Without cards: who is kept apart.\n"
	  "\n"
	  "  easbridge unlink alice /alice/home/a.vcf /alice/office/b.vcf\n"
	  "  easbridge unlink alice\n" },
	{ "relink", "USER CARD CARD", 3, 3, CLI_CONF, cli_unlink,
	  "Let two cards be shown as one again.",
	  "  easbridge relink alice /alice/home/a.vcf /alice/office/b.vcf\n" },
	{ "duplicates", "USER", 1, 1,
	  CLI_CONF | CLI_JSON | CLI_MERGE | CLI_ACROSS | CLI_PLAN | CLI_APPLY |
		  CLI_YES,
	  cli_duplicates,
	  "Who is in the address books twice; on request, merge them.",
	  "Reports cards of one person, in one book and in several, with the\n"
	  "reason: the same UID, e-mail address or phone number and a name that\n"
	  "fits, or the same content. A name alone is no reason. Events that\n"
	  "are there twice are reported too. Nothing is changed by that.\n"
	  "\n"
	  "--merge writes a plan, a file to read and to edit (\"do\": \"leave\"):\n"
	  "who stays, what it takes from whom, what there is no place for, who\n"
	  "is deleted; within each book, with --across also of several books\n"
	  "into one. --apply carries it out (--merge --yes does both): first a\n"
	  "backup of all its cards is written to STATE/backup, then the merged\n"
	  "card, then the others are deleted. What changed since the plan is\n"
	  "left alone. If it was interrupted, do it again. 1 if an entry was\n"
	  "not carried out.\n"
	  "\n"
	  "  easbridge duplicates alice\n"
	  "  easbridge duplicates alice --merge --plan alice.json\n"
	  "  easbridge duplicates alice --apply alice.json\n" },
	{ "reload", "", 0, 0, CLI_CONF | CLI_JSON, cli_reload,
	  "Read the configuration again, and say what is wrong in it.",
	  "As SIGHUP does: no phone notices. A user file with mistakes keeps\n"
	  "its old meaning; mistakes in the main file keep everything.\n"
	  "\n"
	  "  easbridge reload\n" },
	{ "password add", "USER NAME", 2, 2, CLI_CONF | CLI_JSON,
	  cli_password_add,
	  "Make a password for one phone and print it, once.",
	  "USER is a login of a user file, NAME what you call the phone. Type\n"
	  "the password into that phone alone; with it easbridge logs in at\n"
	  "the servers by the passwords of the user file, which the phone\n"
	  "never sees. It is kept as an Argon2id hash, works at once, and\n"
	  "revoking it locks out that phone alone.\n"
	  "\n"
	  "  easbridge password add alice \"Alice's iPhone\"\n"
	  "  easbridge password list\n"
	  "  easbridge password revoke alice \"Alice's iPhone\"\n" },
	{ "password list", "[USER]", 0, 1, CLI_CONF | CLI_JSON,
	  cli_password_list,
	  "Which phones have a password of their own.",
	  "  easbridge password list\n"
	  "  easbridge password list alice --json\n" },
	{ "password revoke", "USER NAME", 2, 2, CLI_CONF,
	  cli_password_revoke,
	  "Take the password of one phone back, at once.",
	  "A request that waits already (push) may still be answered; the\n"
	  "next one is not.\n"
	  "\n"
	  "  easbridge password revoke alice \"Alice's iPhone\"\n" },
	{ "oauth revoke", "USER [SOURCE]", 1, 2, CLI_CONF | CLI_YES,
	  cli_oauth_revoke,
	  "Take a sign-in back, at the provider and here.",
	  "Where the provider cannot be asked nothing is forgotten, unless\n"
	  "--yes is given.\n"
	  "\n"
	  "  easbridge oauth revoke alice\n"
	  "  easbridge oauth revoke alice dav\n" },
	{ "oauth", "NAME USER [SOURCE]", 2, 3, CLI_CONF, cli_oauth,
	  "Sign in at a provider, for sources with auth = oauth.",
	  "NAME is google, microsoft or another of the [oauth NAME] sections;\n"
	  "without one it tells how to get a client key. Prints an address to\n"
	  "open in a browser. It comes back to this command by itself, or, if\n"
	  "the browser is on another machine, by pasting the address where it\n"
	  "ended. The tokens stay in the state folder. When a sign-in ends,\n"
	  "\"status\" and \"check\" say so, and this command makes it good.\n"
	  "\n"
	  "  easbridge oauth google alice\n"
	  "  easbridge oauth example alice work\n" },
	{ "secret key", "", 0, 0, CLI_CONF | CLI_OUT, cli_secret_key,
	  "Make the key that opens sealed settings.",
	  "Writes the file that seal-key in [server] names (mode 0600, never\n"
	  "over another). Tokens of OAuth are sealed with it too.\n"
	  "\n"
	  "  easbridge secret key\n"
	  "  easbridge secret key --out /root/seal.key\n" },
	{ "secret seal", "", 0, 0, CLI_CONF | CLI_PASSWORD, cli_secret_seal,
	  "Seal a password, and print the line for the configuration.",
	  "Asks for it, or reads the first line of FILE or standard input.\n"
	  "The line is password-sealed; client-secret-sealed is made the same\n"
	  "way.\n"
	  "\n"
	  "  easbridge secret seal\n"
	  "  pass show mail/alice | easbridge secret seal\n" },
	{ "setup", "ADDRESS", 1, 1,
	  CLI_CONF | CLI_PASSWORD | CLI_KEEP | CLI_OAUTH | CLI_USER |
		  CLI_OUT | CLI_DNS | CLI_CA | CLI_YES,
	  cli_setup,
	  "From a mail address to a user file that works.",
	  "Finds the servers (known providers, by domain and mail exchanger;\n"
	  "SRV records; autoconfig; usual names), tries the password there,\n"
	  "writes the user file (mode 0600, never over another) and has the\n"
	  "running easbridge read it. Contacts and calendars that do not work\n"
	  "are left out. --yes writes the file without a try. --user adds the\n"
	  "mailbox, and what belongs to it, to a user who is there.\n"
	  "\n"
	  "  easbridge setup alice@fastmail.com\n"
	  "  easbridge setup alice@fastmail.com --keep-password\n"
	  "  easbridge password add alice@fastmail.com \"Alice's iPhone\"\n"
	  "  easbridge setup alice@gmail.com --oauth\n"
	  "  easbridge setup alice@work.example --user alice@fastmail.com\n"
	  "  easbridge setup alice@example.org --out alice.conf\n" },
	{ "profile", "USER", 1, 1, CLI_CONF | CLI_OUT | CLI_URL, cli_profile,
	  "The account as a profile for iPhones: a QR code, or a file.",
	  "Shows a QR code that leads to a .mobileconfig, which holds all but\n"
	  "the password; it can be fetched for a day at external-url. With\n"
	  "--out it is written to a file instead, for mail or AirDrop.\n"
	  "\n"
	  "  easbridge profile alice\n"
	  "  easbridge profile alice --out alice.mobileconfig\n" },
	{ "check", "USER", 1, 1,
	  CLI_CONF | CLI_JSON | CLI_PASSWORD | CLI_URL | CLI_WAIT | CLI_CA |
		  CLI_DNS, cli_check,
	  "Try everything a user needs, and say what to do about the rest.",
	  "Logs in at every server of the user file, looks for the special\n"
	  "folders and the collections, names the sender to the SMTP server\n"
	  "(nothing is sent), then asks easbridge itself as a phone would:\n"
	  "OPTIONS, the certificate, Autodiscover in all its forms and names,\n"
	  "FolderSync at external-url or --url; with --wait whether a proxy\n"
	  "lets phones wait for mail so long.\n"
	  "Sources without a password in the file take the phone's: type it\n"
	  "when asked, or name a file. 1 if anything failed.\n"
	  "\n"
	  "  easbridge check alice\n"
	  "  easbridge check alice --password-file - --json < secret\n"
	  "  easbridge check alice --url http://127.0.0.1:8080\n"
	  "  easbridge check alice --wait 300\n" },
	{ "check-config", "", 0, 0, CLI_CONF | CLI_JSON, cli_check_config,
	  "Look for mistakes in the configuration.",
	  "Names file, line and remedy of every mistake; 1 if there are any.\n"
	  "\n"
	  "  easbridge check-config\n" },
	{ "help-config", "", 0, 0, 0, cli_help_config,
	  "All settings, as a file to start from.",
	  "  easbridge help-config | less\n" },
	{ "providers", "", 0, 0, CLI_JSON, cli_providers,
	  "The providers that \"provider = NAME\" knows.",
	  "docs/providers.md tells more about each.\n"
	  "\n"
	  "  easbridge providers\n" },
	{ "help-providers", "", 0, 0, 0, cli_help_providers,
	  "The providers with all that is known of them (Markdown).",
	  "  easbridge help-providers | less\n" },
	{ "trace", "USER|FILE|FOLDER [DEVICE]", 1, 2, CLI_CONF | CLI_UNMASKED,
	  cli_trace, "Watch a user's phones talk, or print what was written down.",
	  "With USER: every request and answer of that user's phones, or of\n"
	  "one, as they come, until interrupted; private contents are masked.\n"
	  "With a file or folder (a path with a slash, or one that exists):\n"
	  "WBXML files, or what STATE/trace/DEVICE holds. While that folder\n"
	  "exists (\"device trace\"), easbridge writes the documents of that\n"
	  "phone into it, masked as well.\n"
	  "\n"
	  "  easbridge trace alice\n"
	  "  easbridge trace alice ApplDNPH\n"
	  "  easbridge trace /var/lib/easbridge/trace/androidc123\n" },
	{ "completion", "bash|zsh|fish", 1, 1, 0, cli_completion,
	  "Completion of these commands for a shell.",
	  "  easbridge completion bash >\n"
	  "      /usr/share/bash-completion/completions/easbridge\n"
	  "  easbridge completion zsh >\n"
	  "      /usr/share/zsh/vendor-completions/_easbridge\n"
	  "  easbridge completion fish >\n"
	  "      /usr/share/fish/vendor_completions.d/easbridge.fish\n" },
	{ "help-manual", "[5|8]", 0, 1, 0, cli_manual,
	  "What the manual pages say of commands (8) or settings (5).",
	  "  easbridge help-manual 5 | groff -man -Tutf8\n" },
	{ "help", "[COMMAND]", 0, 2, 0, cli_help,
	  "All commands, or one of them explained.",
	  "  easbridge help password add\n" },
	{ "version", "", 0, 0, 0, cli_version, "Which version this is.",
	  "  easbridge version\n" },
	{ .words = NULL }
};
