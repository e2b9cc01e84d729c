"""Scripts over one letter, run by us and by Pigeonhole (Debian's sieve-test): both must want the same."""

LETTER = (
    b'From: "Nguyen Van An" <an+vp@tinh.example>\r\n'
    b'To: <unit@tinh.example>, "B" <b@other.example>\r\n'
    b"Subject: =?utf-8?q?B=C3=A1o_c=C3=A1o_tu=E1=BA=A7n_12?=\r\n"
    b"Date: Mon, 17 Nov 2025 08:30:00 +0700\r\n"
    b"Received: from a by b; Mon, 17 Nov 2025 01:31:00 +0000\r\n"
    b"Received: from x by y; Mon, 17 Nov 2025 01:30:30 +0000\r\n"
    b"Message-ID: <1@tinh.example>\r\n"
    b"X-N: 7\r\nX-N: 12\r\nX-Empty:\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"TuG7mWkgZHVuZyBy4bqldCBxdWFuIHRy4buNbmc=\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Kinh <b>gui</b></p>\r\n"
    b"--b--\r\n"
)
SENDER, RECIPIENT = "an+vp@tinh.example", "unit+tep@tinh.example"

SAME: dict[str, str] = {
    "nothing": "",
    "keep": "keep;",
    "discard": "discard;",
    "stop": "stop; discard;",
    "comments": "# one\n/* two\n */ keep; # three",
    "header contains": 'require "fileinto"; if header :contains "subject" "CÁO" {fileinto "no";} elsif header :contains "subject" "Báo" {fileinto "yes";}',
    "header is": 'require "fileinto"; if header :is ["x-none","x-n"] ["8","12"] {fileinto "yes";}',
    "header empty": 'require "fileinto"; if header :is "x-empty" "" {fileinto "yes";}',
    "header missing": 'require "fileinto"; if header :contains "x-none" "" {fileinto "no";} else {fileinto "none";}',
    "matches": 'require ["fileinto","variables"]; if header :matches "subject" "*tuần ??" {fileinto "${1}|${2}${3}";}',
    "matches greedy": 'require ["fileinto","variables"]; set "s" "a-b-c"; if string :matches "${s}" "*-*" {fileinto "${1}_${2}";}',
    "matches escaped": 'require ["fileinto","variables"]; set "s" "a*b"; if string :matches "${s}" "a\\\\*?" {fileinto "x${1}";}',
    "matches all": 'require ["fileinto","variables"]; if header :matches "subject" "*" {fileinto "${0}";}',
    "octet": 'require "fileinto"; if header :comparator "i;octet" :contains "subject" "báo" {fileinto "no";} else {fileinto "yes";}',
    "casemap": 'require "fileinto"; if address :is "from" "AN+VP@TINH.EXAMPLE" {fileinto "yes";}',
    "numeric": 'require ["fileinto","relational","comparator-i;ascii-numeric"]; if header :value "ge" :comparator "i;ascii-numeric" "x-n" "12" {fileinto "yes";}',
    "count": 'require ["fileinto","relational","comparator-i;ascii-numeric"]; if header :count "eq" :comparator "i;ascii-numeric" "x-n" "2" {fileinto "yes";}',
    "value words": 'require ["fileinto","relational"]; if header :value "lt" "subject" "Z" {fileinto "yes";}',
    "address parts": 'require "fileinto"; if address :localpart "from" "an+vp" {fileinto "l";} if address :domain :is ["to","cc"] "other.example" {fileinto "d";}',
    "subaddress": 'require ["fileinto","subaddress","envelope"]; if envelope :detail "to" "tep" {fileinto "d";} if address :user "from" "an" {fileinto "u";} if address :detail "to" "" {fileinto "no";}',
    "envelope": 'require ["fileinto","envelope"]; if envelope :domain :is "from" "tinh.example" {fileinto "yes";}',
    "exists": 'require "fileinto"; if exists ["from","x-empty"] {fileinto "yes";} if not exists ["from","x-none"] {fileinto "also";}',
    "size": 'require "fileinto"; if size :over 100K {fileinto "no";} if size :under 1M {fileinto "yes";}',
    "allof": 'require "fileinto"; if allof (true, anyof (false, not false)) {fileinto "yes";}',
    "copy": 'require ["fileinto","copy"]; fileinto :copy "a"; redirect :copy "z@y.example";',
    "redirect": 'redirect "z@y.example";',
    "twice": 'require "fileinto"; fileinto "a"; fileinto "a"; keep; keep;',
    "flags": r'require ["fileinto","imap4flags"]; addflag "\\Flagged"; addflag ["\\Seen", "$A $B"]; removeflag "$B"; fileinto "a"; keep :flags "\\Deleted";',
    "flag variables": r'require ["fileinto","imap4flags","variables","relational","comparator-i;ascii-numeric"]; setflag "f" ["\\Seen","$X"]; addflag "f" "$Y"; if hasflag :contains "f" "x" {fileinto :flags "${f}" "a";} if hasflag :count "ge" :comparator "i;ascii-numeric" "f" "3" {keep;}',
    "set modifiers": 'require ["fileinto","variables"]; set :upperfirst :lower "a" "TUAN"; set :length "n" "${a}"; set :quotewildcard "q" "a*b"; fileinto "${a}${n}${q}";',
    "encoded": 'require ["fileinto","encoded-character"]; fileinto "a${hex:40}b${unicode: e1}";',
    "not encoded": 'require "fileinto"; fileinto "a${hex:40}b";',
    "multi line": 'require ["fileinto","variables"]; set "t" text:\nmột\n..hai\n.\n; if string :contains "${t}" ".hai" {fileinto "yes";}',
    "body text": 'require ["fileinto","body"]; if body :contains "quan trọng" {fileinto "t";} if body :text :contains "kinh gui" {fileinto "h";}',
    "body raw": 'require ["fileinto","body"]; if body :raw :contains "quan" {fileinto "no";} if body :raw :contains "<b>gui" {fileinto "raw";}',
    "body content": 'require ["fileinto","body"]; if body :content "text/html" :contains "<b>" {fileinto "html";} if body :content "text" :contains "quan" {fileinto "text";}',
    "date": 'require ["fileinto","date"]; if date :zone "+0700" "date" "date" "2025-11-17" {fileinto "d";} if date :originalzone "date" "hour" "08" {fileinto "h";} if date :zone "+0000" "date" "weekday" "1" {fileinto "w";}',
    "date parts": 'require ["fileinto","date","variables"]; if date :matches :zone "+0700" "date" "julian" "*" {fileinto "${1}";} if date :matches :zone "+0700" "date" "iso8601" "*" {fileinto "${1}";}',
    "index": 'require ["fileinto","index"]; if header :index 2 "x-n" "12" {fileinto "a";} if header :index 1 :last "x-n" "7" {fileinto "no";}',
    "editheader": 'require ["fileinto","editheader"]; addheader "X-New" "1"; deleteheader :index 1 "x-n"; if header "x-new" "1" {fileinto "a";} if header "x-n" "7" {fileinto "no";} if header "x-n" "12" {fileinto "b";}',
    "editheader match": 'require ["fileinto","editheader"]; deleteheader :contains "x-n" "1"; if header "x-n" "12" {fileinto "no";} if header "x-n" "7" {fileinto "a";} deleteheader "subject"; if exists "subject" {fileinto "no2";}',
    "vacation": 'require "vacation"; vacation :days 3 :subject "Đi vắng" :addresses "unit@tinh.example" "Tôi nghỉ";',
    "vacation other": 'require "vacation"; vacation "x"; keep;',
    "reject": 'require "reject"; reject "Không nhận";',
    "ihave": 'require ["ihave","fileinto"]; if ihave "vnd.none" { vnd_none "x"; } elsif ihave ["copy"] { fileinto :copy "a"; }',
    "elsif": 'require "fileinto"; if false {fileinto "a";} elsif true {fileinto "b";} elsif true {fileinto "c";} else {fileinto "d";}',
    "number units": 'require "fileinto"; if size :over 1G {fileinto "no";} if size :over 0 {fileinto "yes";}',
    "string count": 'require ["variables","relational","comparator-i;ascii-numeric","fileinto"]; set "a" ""; if string :count "eq" :comparator "i;ascii-numeric" ["x","${a}"] ["1"] {fileinto "a";}',
    "mailbox": 'require ["mailbox","fileinto"]; fileinto :create "moi"; if mailboxexists "khong-co" {fileinto "no";}',
}  # fmt: skip

WRONG: dict[str, str] = {
    "unknown command": "keep; nothing;",
    "unknown test": "if nothing { keep; }",
    "unknown extension": 'require "vnd.none";',
    "late require": 'keep; require "fileinto";',
    "not required": 'fileinto "a";',
    "tag not required": 'require "fileinto"; fileinto :copy "a";',
    "no semicolon": "keep",
    "no block": "if true keep;",
    "else alone": "else { keep; }",
    "open string": 'redirect "a;',
    "open comment": "/* keep;",
    "open text": "redirect text:\nabc\n",
    "open block": "if true { keep;",
    "too many arguments": 'keep "a";',
    "number for string": "redirect 5;",
    "list for string": 'redirect ["a@b.example"];',
    "two match types": 'if header :is :contains "a" "b" { keep; }',
    "unknown tag": 'if header :like "a" "b" { keep; }',
    "unknown comparator": 'if header :comparator "i;none" "a" "b" { keep; }',
    "numeric contains": 'require "comparator-i;ascii-numeric"; if header :comparator "i;ascii-numeric" :contains "a" "b" { keep; }',
    "relation": 'require "relational"; if header :value "more" "a" "b" { keep; }',
    "size alone": "if size 5 { keep; }",
    "test for command": "true;",
    "two tests": "if true, false { keep; }",
    "bare word": "if header subject { keep; }",
}  # fmt: skip
