using System.Globalization;
using System.Text;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Scripts;

/// <summary>
/// Writes an account's Sieve script from its settings. Forwarding is one redirect for each message, whatever the number of rules and
/// destinations: the script collects the numbers of the rules that match, and Postfix makes the destinations of them, each once
/// (Pigeonhole gives up at its hundredth redirect of a message, and then forwards nothing).
/// <para>
/// The address of the redirect begins with the message's queue id, because Pigeonhole does not redirect a message twice to one address
/// if its Message-ID is the same: two messages that a sender gave one Message-ID are both forwarded, and one that is delivered a second
/// time after a failure is not.
/// </para>
/// </summary>
internal static class SieveScript
{
    /// <summary>The domain of those addresses (RFC 2606): it is nobody's.</summary>
    public const string ForwardDomain = "forward.invalid";

    /// <summary>The number that stands for all rules without a condition.</summary>
    public const int AllRules = 0;

    // An address may have 2,048 bytes in Postfix (line_length_limit); a hundred numbers take a quarter of it.
    private const int RulesInAddress = 100;
    private const int Base64Line = 76; // RFC 2045, 6.8

    /// <summary>The script; empty when the account has none, as mail is then stored as it comes.</summary>
    public static string Of(MailboxRouting routing, RoutingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(settings);
        if (routing.Rules.IsEmpty && routing.Autoreply is null) return routing.Reception ? "" : "discard;\n";
        var script = new StringBuilder();
        script.Append("require [\"copy\", \"regex\", \"vacation\", \"variables\"];\n").Append(SieveText.DollarVariable).Append('\n');
        // A message that this account has forwarded and that has come back. A person who sends it once more says so (RFC 5322, 3.6.6).
        script.Append(CultureInfo.InvariantCulture, $"if allof (header :is \"X-Sieve-Redirected-From\" {SieveText.Quote(routing.Address)}, not exists \"Resent-From\") {{ discard; stop; }}\n");
        WriteForwarding(script, routing, settings);
        if (routing.Autoreply is { } text) WriteAutoreply(script, text);
        if (!routing.Reception) script.Append("discard;\n");
        return script.ToString();
    }

    /// <summary>A script that redirects what a rule matches, and nothing else; it is run on stored mail and not obeyed.</summary>
    public static string OfPreview(string condition, string? keyword)
    {
        var test = condition == Conditions.All ? "true" : SieveText.Contains(condition, keyword ?? "");
        return $"require [\"regex\", \"variables\"];\n{SieveText.DollarVariable}\nif {test} {{ redirect \"matches@{ForwardDomain}\"; }}\n";
    }

    private static void WriteForwarding(StringBuilder script, MailboxRouting routing, RoutingSettings settings)
    {
        if (routing.Rules.IsEmpty) return;
        // The first line is Postfix's own, above all that came with the message.
        script.Append("set \"queue\" \"0\";\nif header :regex \"Received\" \"[(]Postfix[)] with [A-Z]+ id ([0-9A-Za-z]+)\" { set \"queue\" \"${1}\"; }\n");
        var conditional = routing.Rules.Where(r => r.Condition != Conditions.All).ToList();
        var start = routing.ForwardsAll ? $"-{AllRules}" : "";
        foreach (var rules in conditional.Chunk(RulesInAddress).DefaultIfEmpty([]))
        {
            script.Append(CultureInfo.InvariantCulture, $"set \"rules\" \"{start}\";\n");
            foreach (var rule in rules)
                script.Append(CultureInfo.InvariantCulture, $"if {SieveText.Contains(rule.Condition, rule.Keyword ?? "")} {{ set \"rules\" \"${{rules}}-{rule.Number}\"; }}\n");
            var spam = settings.ForwardSpam ? "" : ", not header :contains \"X-Spam-Flag\" \"yes\"";
            script.Append(CultureInfo.InvariantCulture, $"if allof (not string :is \"${{rules}}\" \"\"{spam}) {{ redirect :copy \"${{queue}}.${{rules}}.{routing.Id}@{ForwardDomain}\"; }}\n");
            start = "";
        }
    }

    // Who gets no reply at all (lists, bounces, automatic mail) is Pigeonhole's to judge (RFC 5230, 4.6). One handle for all texts and
    // subjects: each sender gets one reply in the period that the node sets. In base64 a text cannot be anything but a text.
    private static void WriteAutoreply(StringBuilder script, string text)
    {
        script.Append("if not header :contains \"X-Spam-Flag\" \"yes\" {\nset \"subject\" \"\";\nif header :matches \"Subject\" \"*\" { set \"subject\" \"${1}\"; }\n");
        script.Append("vacation :handle \"autoreply\" :subject \"Re: ${subject}\" :mime text:\n");
        script.Append("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n");
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal)));
        foreach (var line in encoded.Chunk(Base64Line)) script.Append(line).Append('\n');
        script.Append(".\n;\n}\n");
    }
}
