"""What attacks look like, on text that `readings` has made plain.

Every gap is bounded and no quantifier stands in another, so that a text is read in time linear in its length.
"""
# A pattern stands on one line, however long.
# ruff: noqa: E501

import re
from collections.abc import Iterator
from dataclasses import dataclass

WHAT_BINDS = (
    r"(?:instructions?|directions?|directives?|rules?|guidelines?|prompts?|commands?|polic(?:y|ies)|constraints?)"
)
EARLIER = (
    r"(?:all|any|every|previous|prior|above|earlier|preceding|past|old|original|initial|existing|your|their|its"
    r"|developers?|system)"
)
DROP = (
    r"\b(?:ignore|ignoring|disregard|forget|override|overrule|bypass|discard|dismiss|abandon|neglect|set aside"
    r"|(?:do not|don't|stop|no longer) (?:follow|obey|comply with|heed|following|obeying)(?: to)?)\b"
)
TELL = (
    r"\b(?:reveal|show|print|output|repeat|display|give|tell|write|quote|spell|share|expose|leak|dump|disclose|list"
    r"|translate|summari[sz]e|recite|describe|copy|paste|return|provide|what (?:is|are|does|was|were))\b"
)
SECRET = (
    r"(?:passwords?|passphrases?|api[ _-]?keys?|(?:secret|access|admin|auth|api|bearer) tokens?|credentials"
    r"|private keys?|secrets)"
)
PRIVATE = (
    rf"(?:{SECRET}|tokens?|conversation|(?:chat|message|conversation) (?:history|logs?)|(?:your|the agent's) memor(?:y|ies)"
    r"|environment variables|\.env\b|system prompt|your (?:prompt|instructions)|source code|database contents"
    r"|(?:confidential|sensitive|internal|private|customer|user) (?:data|information|records|files))"
)
LAWLESS = (
    r"(?:unrestricted|uncensored|unfiltered|jailbroken|do anything now|no (?:\w+ )?(?:filters?|morals?|restrictions?|limits"
    r"|ethic\w*|guidelines)|without (?:any )?(?:\w+ )?(?:filters?|restrictions?|ethic\w*|moral\w*|limits|censorship|guidelines)"
    r"|never (?:trained to )?refuses?|ignores? (?:content |every |all |any |safety )?polic\w*)"
)
DANGEROUS = r"(?:wget |curl |chmod 777|sudo |rm -|/bin/sh|\bnc |netcat |/etc/(?:passwd|shadow))"

# What is told of in these words is mentioned, not demanded.
REPORTED = re.compile(
    r"(?:never|not|n't|prevents?|against|(?:told|taught|asked|made) (?:us|me|him|her|them|you) to)(?: \w+)? $"
)
DISCUSSED = re.compile(
    r"\b(?:phrases?|wording|filter\w*|block(?:ed|s)|detect\w*|attack\w*|injections?|examples?|in our logs|classifier)\b"
)
OPENED, CLOSED = re.compile(r"(?:^|[\s(])(['\"`])[^'\"`]{0,80}$"), re.compile(r"^[^'\"`]{0,80}['\"`]")
MENTIONED = 0.3  # of the weight


@dataclass(frozen=True)
class Rule:
    kind: str
    reason: str
    weight: float
    pattern: re.Pattern[str]

    def weigh(self, text: str) -> float:
        """The greatest weight of its places in `text`; 0 where it has none."""
        return max((self.weight_at(text, found) for found in self.pattern.finditer(text)), default=0)

    def weight_at(self, text: str, found: re.Match[str]) -> float:
        before, after = text[max(0, found.start() - 90) : found.start()], text[found.end() : found.end() + 90]
        if REPORTED.search(before):
            return self.weight * MENTIONED
        quoted = OPENED.search(before) and CLOSED.search(after)
        return self.weight * MENTIONED if quoted and DISCUSSED.search(text) else self.weight


def rules(kind: str, *lines: tuple[float, str, str]) -> Iterator[Rule]:
    return (Rule(kind, reason, weight, re.compile(pattern)) for weight, reason, pattern in lines)


# fmt: off
RULES = (
    *rules(
        "instruction_override",
        (0.9, "tells to drop earlier instructions", rf"{DROP}.{{0,25}}\b{EARLIER}\b.{{0,30}}\b{WHAT_BINDS}\b"),
        (0.8, "tells to drop earlier instructions", rf"{DROP} (?:the |these )?(?:rules|instructions)\b.{{0,40}}\byou\b"),
        (0.8, "tells to forget what was said", rf"{DROP} (?:everything|anything|all)\b.{{0,30}}\b(?:told|said|before|above|earlier)\b"),
        (0.5, "tells to forget what was said", r"\b(?:forget|ignore|disregard) everything\b ?[.,;:!]"),
        (0.8, "sets itself above the user", r"\b(?:ignore|disregard|override)\b.{0,12}\b(?:the|this) (?:user|human|reader)\b"),
        (0.7, "calls earlier instructions void", rf"\b{WHAT_BINDS}\b.{{0,40}}\b(?:void|revoked|cancelled|(?:no longer|do not|don't) (?:apply|count|hold|matter))\b"),
        (0.7, "demands obedience", r"\b(?:obey|follow|listen to)\b.{0,12}\b(?:me|mine|my (?:rules|orders|instructions|message)|the next message)\b"),
        (0.6, "demands obedience", r"\byou (?:will|must|shall) (?:now )?(?:do|say|answer) (?:only )?(?:what|as|whatever) i\b"),
        (0.6, "announces new instructions", r"\bnew (?:system )?(?:instructions?|rules|directives?)(?: follow| below)?\s*:|#+ ?(?:new )?(?:system )?instructions?\b"),
        (0.5, "replaces instructions", rf"\b(?:instead of (?:following|obeying)|replaces?|supersedes?)\b.{{0,25}}\b{WHAT_BINDS}\b"),
        (0.4, "addresses the reading model", r"\b(?:ais?|llms?|assistants?|language models?|chatbots?|agents?|whoever)\b.{0,20}\b(?:reads?|reading|summari[sz]\w+|processing)\b"),
        (0.4, "addresses the reading model", r"\b(?:attention|dear|note to|hey|hello)\b.{0,12}\b(?:ai|llm|assistant|language model|agent|bot)\b"),
        (0.6, "imitates the markup of a chat", r"\[/?inst\]|<</?sys>>|<\|im_(?:start|end)\|>|<\|(?:system|assistant)\|>"),
        (0.5, "claims to be allowed", r"\b(?:override|disable) (?:the )?security\b|\baccess granted\b|\bis (?:now )?authorized to (?:access|see|do)\b"),
        (0.4, "imitates the markup of a chat", r"</(?:user|system|assistant|prompt)>|(?:^|['\"#.] ?)\[?system(?:\]|:)|\bsystem override\b"),
        (0.9, "tells to drop earlier instructions (Spanish, Portuguese, Italian)", r"\b(?:ignora|ignore|olvida|esqueca|dimentica)\w*\b.{0,30}\b(?:instrucciones|reglas|instrucoes|regras|istruzioni|regole)\b"),
        (0.9, "tells to drop earlier instructions (French)", r"\b(?:oublie|ignore)[sz]?\b.{0,30}\b(?:instructions|consignes|regles)\b.{0,20}\b(?:precedentes|anterieures|ci-dessus)\b"),
        (0.9, "tells to drop earlier instructions (German)", r"\b(?:ignorier\w*|vergiss|missachte\w*)\b.{0,40}\b(?:anweisung\w*|regeln|vorgaben|gesagt|befehle)\b"),
        (0.9, "tells to drop earlier instructions (Russian)", r"\b(?:игнорируи\w*|забудь\w*)\b.{0,30}\b(?:инструкци\w*|указани\w*|правил\w*)"),
        (0.9, "tells to drop earlier instructions (Chinese, Japanese)", r"(?:忽略|无视|無視).{0,12}(?:指令|指示|规则|規則)|(?:指示|命令|ルール).{0,6}(?:無視|忘れ)"),
    ),
    *rules(
        "prompt_extraction",
        (0.8, "asks for the system prompt", rf"{TELL}.{{0,60}}\b(?:system (?:prompt|message|instructions)|(?:hidden|initial|secret|confidential|internal|original) (?:prompt|instructions|rules|message))\b"),
        (0.8, "asks for its instructions", rf"{TELL}.{{0,40}}\byour (?:\w+ )?(?:prompt|instructions|system message|guidelines|configuration)\b"),
        (0.8, "asks for its instructions", r"\b(?:rules|instructions|directives|prompt)\b.{0,12}\b(?:(?:were|was|have) you (?:been )?given|you (?:were|was|have been) given|you operate under)\b"),
        (0.7, "asks for what stands before", r"\b(?:text|everything|words|message|instructions)\b.{0,30}\b(?:above this|before (?:the|this|my) first|of this (?:conversation|chat))\b"),
        (0.5, "asks for what stands before", r"\bstarting with ['\"]?you are\b"),
    ),
    *rules(
        "jailbreak",
        (0.8, "gives the model a lawless role", rf"(?:^|[.!?:;,] ?|\b(?:please|now|and|then|you|will|must|to|let's) )(?:act|answer|respond|behave|pretend|imagine|simulate|roleplay|speak|play|are)\b.{{0,70}}{LAWLESS}"),
        (0.7, "makes the model somebody else", r"\byou are (?:now|no longer)\b.{0,25}\b(?:dan|an? (?:\w+ )?(?:ai|assistant|model|bot)|free|bound)\b"),
        (0.7, "switches to a lawless mode", r"\b(?:enable|activate|enter|switch to|turn on|you are in)\b.{0,12}\b(?:developer|debug|god|admin|sudo|dan|jailbreak|unrestricted) mode\b"),
        (0.7, "turns safety off", r"\b(?:bypass(?:es)?|disables?|ignores?|turn off|deactivates?|circumvents?|remove) (?:\w+ ){0,3}(?:safety|content|moderation|ethical)\b.{0,15}(?:filters?|guidelines?|polic\w*|rules?|measures|limits|restrictions)"),
        (0.6, "turns safety off", r"\b(?:ignore|disregard|bypass|override|overrule|disable|forget) (?:(?:all|any|your|the|every|its|their) ){0,2}(?:safety|ethics|ethical|morals|moderation|restrictions|censorship)\b"),
        (0.6, "switches to a lawless mode", r"\b(?:unrestricted|uncensored|unfiltered|lawless|jailbreak|dan)(?: \w+)? mode\b"),
        (0.6, "gives the model a lawless role", r"\b(?:pretend|imagine|you are)(?: that)?(?: now)?(?: you(?: are|'re))? (?:dan\b|(?:an? |the )?(?:evil|villain|hacker|criminal))"),
        (0.6, "turns safety off", r"\bnone of your\b.{0,20}\brules\b"),
        (0.6, "asks to break out", r"\bjailbreak (?:yourself|mode)|\bdo anything now\b"),
        (0.5, "forbids to refuse", r"\bnever (?:refuses? (?:a |any |my )?(?:requests?|questions?|orders?)|(?:say|admit)\b.{0,20}\b(?:cannot|can't|unable))"),
        (0.6, "wraps a demand in a story", r"\b(?:grand(?:ma|mother|pa|father)|bedtime story)\b.{0,80}\b(?:passwords?|keys?|serials?|napalm)\b"),
        (0.5, "splits the model in two", r"\btwo (?:personas|characters|answers)\b.{0,60}\b(?:second|other)\b.{0,30}\b(?:ignores?|rules|polic\w*|anything)\b"),
    ),
    *rules(
        "command_injection",
        (0.8, "pipes a download into a shell", r"\b(?:curl|wget)\b[^|]{0,200}\| ?(?:sudo )?(?:ba|z|da)?sh\b"),
        (0.8, "deletes the file system", r"\brm -(?:rf|fr|r -f) (?:/|~|\*|--no-preserve)|['\"]rm['\"], ?['\"]-rf"),
        (0.8, "opens a shell to elsewhere", r"/dev/tcp/|\bnc -e\b|\bbash -i\b|\bmkfifo /"),
        (0.6, "runs code in Python", r"\bos\.system\(|__import__\(|\bsubprocess\.(?:run|popen|call)\("),
        (0.7, "substitutes a command", r"\$\((?:curl|wget|nc|bash|sh|id|whoami)\b|[\w=;]`(?:id|whoami|uname|hostname)\b[^`]{0,20}`"),
        (0.7, "reads the host's secrets", r"\b(?:run|read|cat|show|print|output|execute|open)\b.{0,40}(?:/etc/(?:passwd|shadow|sudoers)|\.ssh/id_|\.aws/credentials)"),
        (0.8, "breaks out of a query", r"['\"] ?\)?; ?(?:drop|truncate|delete|alter|update)\b|['\"] or ['\"]?\w{1,10}['\"]? ?= ?['\"]?\w"),
        (0.5, "joins another table to a query", r"\bunion (?:all )?select\b.{0,60}\bfrom\b"),
        (0.6, "has a dangerous command run", rf"\b(?:run|execute|type|paste|start)\b.{{0,40}}{DANGEROUS}"),
        (0.6, "has tools run on everything", r"\b(?:call|invoke|use|run|execute)\b.{0,25}\b(?:tools?|[a-z]+_[a-z_]+)\b.{0,40}\b(?:every|all|everything)\b"),
        (0.45, "has everything deleted", r"\b(?:delete|remove|erase|wipe|destroy) (?:every|all|your)\b.{0,20}\b(?:memor(?:y|ies)|goals?|files?|data|database|records|logs)\b"),
        (0.3, "has something run", r"\b(?:execute|run) (?:this|the following) (?:command|code|script|query)\b"),
        (0.4, "wants it hidden from people", r"\b(?:do not|don't|without) (?:mention\w*|tell\w*|inform\w*|ask\w*)\b.{0,12}\b(?:it|this|that|them|the user|any(?:one|body)|me)\b"),
    ),
    *rules(
        "data_exfiltration",
        (0.8, "puts data into a picture's or link's address", r"\]\(https?://[^)\s]{0,200}[=/?][^)\s]{0,100}[{<\[$]"),
        (0.7, "puts private data into an address", rf"\b{PRIVATE}.{{0,60}}https?://[^\s]{{0,200}}=|https?://\S{{0,200}}=<"),
        (0.7, "sends private data away", rf"\b(?:send|post|upload|forward|e?-?mail|transmit|exfiltrate|submit|append|publish|leak)\b.{{0,30}}{PRIVATE}.{{0,80}}(?:https?://|@|\b[a-z0-9-]+\.(?:com|net|org|io)\b|\bpublic\b|\blink\b|\bwebhook\b|\battacker)"),
        (0.6, "sends private data away", rf"\b(?:send|e?-?mail|forward|post|give|text)\b.{{0,8}}\b(?:me|us|it all|everything)\b.{{0,30}}{PRIVATE}"),
        (0.7, "sends everything away", r"\b(?:send|forward|upload|e?-?mail|post)\b.{0,12}\b(?:everything|all)\b.{0,20}\b(?:in your|you know|memory|stored)\b"),
        (0.5, "has a link filled in and shown", r"\b(?:into|to|in) (?:this|the) (?:link|url|address)\b.{0,60}\b(?:show|open|render|visit|picture|image)\b"),
        (0.6, "has data taken to an address", r"[?&](?:secret|token|key|leak|pass\w*|memory|q|u|data)=(?: |$|<|\[|\{)"),
    ),
    *rules(
        "credentials",
        (0.6, "asks for secrets", rf"(?:{TELL}|\b(?:hand over|send|which)\b).{{0,25}}\b(?:the|your|all|every|any|root|admin|database)\b.{{0,20}}{SECRET}(?! (?:reset|page|field|policy|form|rotation|manager))"),
        (0.6, "asks for secrets", r"\bsecret tokens?\b.{0,30}\byour environment\b"),
        (0.55, "holds a secret", r"\b(?:password|passwd|api[ _-]?key|secret|token)\b ?[:=] ?(?=[^\s]{0,40}\d)(?=[^\s]{0,40}[a-z])[^\s]{8,}"),
    ),
    *rules(
        "hidden_text",
        (0.6, "hides instructions in a page", r"<!--[^>]{0,200}\b(?:ai|assistant|llm|model|agent|ignore|disregard|instructions?)\b[^>]{0,200}-->"),
        (0.6, "hides instructions in a page", r"(?:display: ?none|visibility: ?hidden|font-size: ?0|opacity: ?0)[^>]{0,100}>[^<]{0,300}\b(?:ai|assistant|llm|model|agent|ignore|disregard|instructions?)\b"),
        (0.5, "asks to decode and obey", r"\b(?:decode|decipher|unscramble|base64)\b.{0,40}\b(?:and|then)\b.{0,12}\b(?:do|follow|run|execute|obey)\b"),
    ),
)
# fmt: on

# Of the text as it is, for letters count.
SECRETS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}|\bsk-[\w-]{20,}"
    r"|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{5,}|\baria_[0-9A-Za-z_-]{20,}"
    r"|-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----"
)
ASSIGNED = re.compile(r"(?i)\b(password|passwd|api[ _-]?key|secret|token)\b( ?[:=] ?)\S{8,}")
