using System.Globalization;
using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Notices;

/// <summary>What notices are about, and how they are worded. Texts: NoticeTexts.resx and .ja.resx.</summary>
public static class NoticeKinds
{
    /// <summary>The password of an account was replaced by one that nobody knows (ACC-8).</summary>
    public const string PasswordForciblyChanged = "password-forcibly-changed";

    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Notices.NoticeTexts", typeof(NoticeKinds).Assembly);

    // Worded by what words refusals: one way to fill in placeholders, one test of both languages.
    private static readonly ProblemCode PasswordForciblyChangedText = new("notices.password-forcibly-changed", 200, Texts);

    /// <summary>Whether there is such a kind.</summary>
    public static bool Has(string kind) => kind == PasswordForciblyChanged;

    /// <summary>What happened and what to do, in a language.</summary>
    public static string Text(string kind, string address, CultureInfo language) => kind switch
    {
        PasswordForciblyChanged => Problems.Text(new(PasswordForciblyChangedText, null, ("a", address)), language),
        _ => throw new InvalidOperationException($"There is no text for notices of the kind {kind}"),
    };
}
