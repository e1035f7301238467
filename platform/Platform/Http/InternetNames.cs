using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hikyaku.Platform;

/// <summary>
/// Domain names and mail addresses as every entry of the platform reads them (rule ACC-15): NFKC, lower case,
/// UTS-46 to A-labels (RFC 5891); local parts in any case mean the same.
/// </summary>
public static partial class InternetNames
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    /// <summary>Reads a domain name of at least two labels; false when it is none (RFC 1035 limits).</summary>
    /// <param name="text">As somebody typed it, perhaps in full width or in U-labels.</param>
    /// <param name="domain">In A-labels and lower case.</param>
    public static bool TryReadDomain(string? text, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        text = text?.Trim(); // phones put a blank behind a word
        if (string.IsNullOrEmpty(text) || text.Length > 253) return false;
        try
        {
            var ascii = Idn.GetAscii(text.Normalize(NormalizationForm.FormKC).ToLowerInvariant()).ToLowerInvariant();
            var labels = ascii.Split('.');
            if (ascii.Length > 253 || labels.Length < 2 || !labels.All(IsLabel) || labels[^1].All(char.IsAsciiDigit)) return false;
            domain = ascii;
            return true;
        }
        catch (ArgumentException)
        {
            return false; // not a name that UTS-46 can map, or text that is no Unicode: the caller says so
        }
    }

    /// <summary>Reads a mail address, without the blanks around it; the ASCII letters of its local part are put into lower case, it is not judged.</summary>
    public static bool TryReadAddress(string? text, [NotNullWhen(true)] out string? address, [NotNullWhen(true)] out string? domain)
    {
        (address, domain) = (null, null);
        text = text?.Trim().Replace('\uFF20', '@'); // the full-width @
        var at = text?.LastIndexOf('@') ?? -1;
        if (at is < 1 or > 64 || !TryReadDomain(text![(at + 1)..], out domain)) return false;
        // ASCII only: Unicode has other letters whose lower case is ASCII (U+212A), and they are not the same account.
        address = $"{string.Concat(text[..at].Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : c))}@{domain}";
        return true;
    }

    /// <summary>
    /// Reads an address that mail is sent to: its local part is a dot-atom (RFC 5321, 4.1.2), so that it means the same in a header and in
    /// an SMTP command.
    /// </summary>
    public static bool TryReadMailbox(string? text, [NotNullWhen(true)] out string? address)
        => TryReadAddress(text, out address, out _) && DotAtom().IsMatch(address);

    [GeneratedRegex(@"\A[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[^@]+\z")]
    private static partial Regex DotAtom();

    private static bool IsLabel(string label)
        => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
