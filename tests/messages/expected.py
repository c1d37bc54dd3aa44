"""What the raw mails in `shapes/` must read as: kind, subject, and the part of the text that is new in them."""

from __future__ import annotations

EXPECTED: dict[str, tuple[str, str, str]] = {
    "apple_mail_forward_german": (
        "personal",
        "Fwd: Angebot",
        (
            "Zur Info.\n\n> Anfang der weitergeleiteten Nachricht:\n> \n"
            "> Von: Anna Muster <anna@muster.example>\n> Betreff: Angebot\n"
            "> Datum: 2. November 2026 um 16:05:00 MEZ\n"
            "> An: Alice Adams <alice@rapport.example>\n> \n> Hallo Alice,\n> \n"
            "> bitte um ein Angebot."
        ),
    ),
    "apple_mail_forward_spanish": (
        "personal",
        "Fwd: Oferta",
        (
            "Inicio del mensaje reenviado:\n\nDe: María García <maria@garcia.example>\n"
            "Asunto: Oferta\nFecha: 2 de noviembre de 2026, 16:05:00 CET\n"
            "Para: Alice Adams <alice@rapport.example>\n\n¿Nos mandas una oferta?"
        ),
    ),
    "apple_mail_html_around_attachment": ("personal", "Photos", "Before the picture\n\nAfter the picture"),
    "apple_mail_reply": ("personal", "Re: Roadmap", "Looks good 👍"),
    "attached_mail": ("personal", "Fwd: two things", "Please log this."),
    "auto_generated_monitoring": ("automatic", "Cron <root@box> backup", "ok"),
    "auto_reply_by_subject_only": ("auto_reply", "Abwesenheitsnotiz: Lizenzen", "Ich bin bis Freitag nicht im Büro."),
    "base64_with_footer": ("personal", "x", "Grüße aus Bern, wir melden uns."),
    "base64_without_padding": ("personal", "x", "Hello, no padding!!!"),
    "bounce_exchange_two_recipients": (
        "bounce",
        "Undeliverable: Plan",
        "Your message to two people couldn't be delivered.",
    ),
    "bounce_exim_without_status": (
        "bounce",
        "Mail delivery failed: returning message to sender",
        (
            "This message was created automatically by mail delivery software.\n\n"
            "A message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n"
            "  old@klein.example\n    Unrouteable address\n\n"
            "------ This is a copy of the message, including all the headers. ------\n\n"
            "Message-ID: <hello-4@rapport.example>\nFrom: alice@rapport.example"
        ),
    ),
    "bounce_qmail": (
        "bounce",
        "failure notice",
        (
            "Hi. This is the qmail-send program at mail.rossi.example.\n"
            "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
            "<nobody@rossi.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
            "--- Below this line is a copy of the message.\n\n"
            "Return-Path: <alice@rapport.example>\nMessage-ID: <hello-3@rapport.example>\n"
            "From: alice@rapport.example\n\nHello"
        ),
    ),
    "boundary_never_closed": ("personal", "Cut off", "The line went dead in the mid"),
    "boundary_wrong": ("personal", "Wrong boundary", "Still readable."),
    "broken_addresses": ("personal", "Broken", "x"),
    "calendar_only_cancel": ("calendar", "Canceled: Review", ""),
    "charset_codec_that_is_none": ("personal", "uryybx", "plain"),
    "charset_gb18030": ("personal", "你好", "你好,我们需要镕基的支持。"),
    "charset_html_meta_only": ("personal", "x", "Добрый день"),
    "charset_iso_2022_jp": ("personal", "見積もり", "お世話になっております。"),
    "charset_koi8_r_raw_headers": ("personal", "Вопрос", "Добрый день!"),
    "charset_latin1_is_utf8": ("personal", "x", "Grüße aus Zürich"),
    "charset_latin1_is_windows": ("personal", "x", "Preis: 20 € – „billig“…"),
    "charset_missing_8bit": ("personal", "x", "Grüße aus Zürich"),
    "charset_unknown_name": ("personal", "x", "Grüße"),
    "charset_utf16_base64": ("personal", "x", "Grüße, 世界"),
    "charset_utf7": ("personal", "x", "Grüße"),
    "digest_of_a_list": ("bulk", "Admins Digest, Vol 1", "Today's topics."),
    "dsn_delayed": (
        "bounce",
        "Warning: could not send message for past 4 hours",
        "The message has not yet been delivered.",
    ),
    "dsn_delivered_receipt": ("automatic", "Successful Mail Delivery Report", "Your message was delivered."),
    "dsn_policy_refused": ("bounce", "Undeliverable: Newsletter", "Your message was refused."),
    "dsn_postfix_failed": (
        "bounce",
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host mx.muster.example.\n\n"
            "I'm sorry to have to inform you that your message could not be delivered.\n\n"
            "<gone@muster.example>: host mail.muster.example[192.0.2.7] said: 550 5.1.1\n"
            "    <gone@muster.example>: Recipient address rejected: User unknown (in reply to RCPT TO c"
            "ommand)"
        ),
    ),
    "dutch_italian_portuguese_chain": ("personal", "Re: Corso", "Va bene!"),
    "encrypted_pgp": (
        "personal",
        "...",
        ("This mail is encrypted (PGP/MIME). Only its recipient's own mail program can read it."),
    ),
    "encrypted_smime": (
        "personal",
        "Secret",
        ("This mail is encrypted (S/MIME). Only its recipient's own mail program can read it."),
    ),
    "exchange_auto_reply": (
        "auto_reply",
        "Automatic reply: Outage",
        ("I am out of the office until Monday. In urgent cases write to help@muster.example."),
    ),
    "gmail_bounce": (
        "bounce",
        "Delivery Status Notification (Failure)",
        (
            "** Address not found **\n\n"
            "Your message wasn't delivered to typo@muster.example because the address couldn't be found"
            ", or is unable to receive mail.\n\nThe response from the remote server was:\n"
            "550 5.1.1 The email account that you tried to reach does not exist."
        ),
    ),
    "gmail_draft_empty": ("personal", "", ""),
    "gmail_forward": (
        "personal",
        "Fwd: Quote",
        (
            "For the timeline.\n\n---------- Forwarded message ---------\n"
            "From: Anna Muster <anna@muster.example>\nDate: Mon, Nov 2, 2026 at 4:05 PM\n"
            "Subject: Quote\nTo: Sales <sales@rapport.example>, <offers@rapport.example>\n"
            "Cc: Bernd Muster <bernd@muster.example>\n\n\n"
            "Please send us a quote for 200 seats.\n\nAnna"
        ),
    ),
    "gmail_forward_html_only": (
        "personal",
        "Fwd: Quote",
        (
            "See below\n\n---------- Forwarded message ---------\n"
            "From: Anna Muster <anna@muster.example>\nDate: Mon, Nov 2, 2026 at 4:05 PM\n"
            "Subject: Quote\nTo: Sales <sales@rapport.example>\n\nPlease send us a quote."
        ),
    ),
    "gmail_french_wrapped_text": ("personal", "Re: Mise à jour", "Bonjour Alice,\n\nc'est parfait."),
    "gmail_german_text": ("personal", "Re: Termin", "Hallo Alice,\n\nFreitag passt. Grüße aus Zürich!\n\nAnna"),
    "gmail_inline_answers": (
        "personal",
        "Re: Three questions",
        (
            "Answers below.\n\n"
            "On Mon, Nov 2, 2026 at 4:05 PM Alice Adams <alice@rapport.example> wrote:\n\n"
            "> How many users?\n>\n\n200\n\n> Which version?\n>\n\n17.5"
        ),
    ),
    "gmail_reply_both_parts": (
        "personal",
        "Re: Upgrade to 17.5",
        ("Hi Alice,\n\nthat works for us. See *the plan* <https://muster.example/plan>.\n\nAnna"),
    ),
    "gmail_reply_html_only": (
        "personal",
        "Re: Renewal",
        "Dear Alice,\n\nwe renew for 200 seats.\n\n- 100 in Bern\n- 100 in Basel",
    ),
    "gmail_signature_below_quote": ("personal", "Re: Friday", "Friday is fine."),
    "gmail_spanish_text": ("personal", "Re: Renovación de la licencia", "Hola Alice:\n\nSí, renovamos."),
    "gmail_vacation_responder": ("auto_reply", "Re: Renewal", "I am hiking. Back on the 9th."),
    "gmx_reply_german_html": ("personal", "Aw: Frage", "Ja, gerne.\nErika"),
    "google_calendar_invitation": (
        "calendar",
        "Invitation: Review @ Fri Nov 6, 2026 10am - 11am (CET)",
        "You have been invited to the following event.\n\nReview",
    ),
    "header_junk_line": ("personal", "Junk line", "Body."),
    "ics_file_in_a_personal_mail": ("personal", "Our holidays", "Our holidays as a file."),
    "iphone_reply": ("personal", "Re: Call?", "Sure, at 3.\n\nSent from my iPhone"),
    "long_thread_nested": ("personal", "Re: long", "Newest"),
    "mailing_list_footer": ("bulk", "[admins] Maintenance", "Maintenance tonight."),
    "message_id_encoded_and_odd": ("personal", "Odd id", "x"),
    "message_id_missing_and_date_absurd": ("personal", "No id", "x"),
    "nested_related_in_mixed": ("personal", "Deep", "Deep inside\n\nLogo"),
    "newsletter_with_preheader": (
        "bulk",
        "🎉 News",
        ("Big news\n\nProduct Price\nSupport 100\n\nRead more <https://rossi.example/news> on rossi.example."),
    ),
    "no_reply_notification": ("automatic", "Invoice 4711", "Your invoice is ready."),
    "nul_and_controls": ("personal", "abc de", "onetwo[31mthreeí\xa0€four"),
    "old_mac_line_ends": ("personal", "Old", "First\nSecond"),
    "outlook_appendonsend_new_mail": ("personal", "A new question", "Can we talk?\nBernd Muster\nMuster AG"),
    "outlook_calendar_reply": ("calendar", "Accepted: Review", ""),
    "outlook_desktop_html_only": ("personal", "RE: Licences", "Dear Alice,\n\nplease add 20 licences."),
    "outlook_forward_french": (
        "personal",
        "TR: Facture",
        (
            "Pour information.\n\nDe : Jean Dupont <jean@dupont.example>\n"
            "Envoyé : lundi 2 novembre 2026 16:05\nÀ : Alice Adams <alice@rapport.example>\n"
            "Objet : Facture\n\nLa facture est payée."
        ),
    ),
    "outlook_forward_html_english": (
        "personal",
        "FW: Contract",
        (
            "FYI\n\nFrom: Anna Muster <anna@muster.example>\n"
            "Sent: Monday, November 2, 2026 4:05 PM\n"
            "To: Alice Adams <alice@rapport.example>; Bob <bob@rapport.example>\n"
            "Subject: Contract\n\nSigned!"
        ),
    ),
    "outlook_german_text": (
        "personal",
        "AW: Lizenzen",
        ("Hallo Alice,\n\nwir brauchen 20 – bis Freitag. Preis: 100 €\n\nMit freundlichen Grüßen\nBernd Muster"),
    ),
    "outlook_old_original_message": ("personal", "RE: Facture", "Merci."),
    "outlook_web_reply": ("personal", "Re: Outage", "Hi Alice,\n\nit is back. Grüße\nBernd"),
    "outlook_winmail_dat": ("personal", "With rich text", "The file is attached."),
    "person_quotes_a_bounce": (
        "personal",
        "Fwd: Undelivered Mail Returned to Sender",
        (
            "Look what I got:\n\nHi. This is the qmail-send program at mail.rossi.example.\n"
            "<carla@rossi.example>:\nSorry, no mailbox here by that name. (#5.1.1)"
        ),
    ),
    "person_writes_about_absence": (
        "personal",
        "Out of office next week",
        "Just so you know: I am away next week, Anna takes over.",
    ),
    "prose_that_looks_quoted": (
        "personal",
        "What the auditor said",
        (
            "Dear Alice,\n\nOn 2 November 2026 at 16:05 our auditor wrote:\n"
            "we must renew before the end of the year.\n\nFrom: what I hear, that is not new.\n"
            "\nAnna"
        ),
    ),
    "proton_reply": ("personal", "Re: Audit", "The audit is next week.\nDario"),
    "qp_damaged": ("personal", "x", "50=% off =ZZ and Zürich, fin"),
    "read_receipt": ("auto_reply", "Read: Plan", "Your message was read."),
    "signed_smime": ("personal", "Signed", "Signed words."),
    "takeout_export": ("personal", "From a folded subject", ">From the beginning it was fine."),
    "thunderbird_bottom_posting": (
        "personal",
        "Re: Backup",
        ("On 11/2/26 16:05, Alice Adams wrote:\n> Is the backup done?\n\nYes, an hour ago.\n\n-- \nDario"),
    ),
    "thunderbird_flowed_text": (
        "personal",
        "Re: Backup",
        ("This is one long paragraph that the program wrapped at seventy columns, and it should be read as one."),
    ),
    "thunderbird_forward_inline": (
        "personal",
        "Fwd: Backup",
        (
            "As discussed.\n\n\n-------- Forwarded Message --------\nSubject: \tBackup\n"
            "Date: \tMon, 2 Nov 2026 16:05:00 +0100\nFrom: \tDario Weiss <dario@weiss.example>\n"
            "To: \tAlice Adams <alice@rapport.example>\n\n\n\nThe backup is done."
        ),
    ),
    "thunderbird_reply_html": ("personal", "Re: Backup", "Done, see the log.\n\nDario"),
    "ticket_system_marker": (
        "personal",
        "[Muster] Re: Ticket 4711",
        ("##- Please type your reply above this line -##\n\nBernd (Muster) added a comment:\n\nIt is solved."),
    ),
    "undisclosed_recipients": ("personal", "To many", "Hello all."),
    "uuencoded": ("personal", "UU", "hello"),
    "vacation_auto_replied": ("auto_reply", "Absence du bureau", "Je suis absent jusqu'au 9 novembre."),
    "yahoo_reply_html": ("personal", "Re: Training", "Yes please, Thursday.\nCarla"),
    "yahoo_reply_text_unmarked": ("personal", "Re: Training", " Yes please, Thursday.\nCarla"),
}
