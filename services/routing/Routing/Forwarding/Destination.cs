using Hikyaku.Platform;

namespace Hikyaku.Routing.Forwarding;

/// <summary>
/// Where mail may be forwarded to (RTE-3): an address whose local part is a dot-atom of ASCII (RFC 5321, 4.1.2). Quoted local parts,
/// comments and local parts beyond ASCII (RFC 6531) are refused, because many servers do not take them and the mail would come back.
/// </summary>
internal static class Destination
{
    private const int LongestAddress = 254; // RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets
    private const string AtomMarks = "!#$%&'*+-/=?^_`{|}~"; // RFC 5322, 3.2.3

    /// <summary>Reads one; a rejection when it may not be set.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="field">Which field it is in.</param>
    /// <param name="own">The account's own address.</param>
    /// <param name="address">Lower case, domain in A-labels.</param>
    public static Rejection? Read(string? text, string field, string own, out string address)
    {
        var typed = (text ?? "").Trim();
        address = "";
        if (typed.StartsWith('-') || typed.StartsWith('\uFF0D')) return new(RoutingProblems.DestinationHyphen, field);
        if (!InternetNames.TryReadAddress(typed, out var read, out var domain) || read.Length > LongestAddress || !IsDotAtom(read[..^(domain.Length + 1)]))
            return new(RoutingProblems.DestinationInvalid, field, ("x", typed));
        address = read;
        return IsOwn(address, own) ? new(RoutingProblems.DestinationOwn, field) : null;
    }

    /// <summary>Whether mail to an address reaches the account itself: also with a detail after a plus sign (RFC 5233).</summary>
    public static bool IsOwn(string address, string own)
    {
        var (at, plus) = (address.LastIndexOf('@'), address.IndexOf('+', StringComparison.Ordinal));
        return address == own || (plus > 0 && plus < at && string.Concat(address.AsSpan(0, plus), address.AsSpan(at)) == own);
    }

    private static bool IsDotAtom(string local)
        => local.Length is > 0 and <= 64 && local.Split('.').All(atom => atom.Length > 0 && atom.All(c => char.IsAsciiLetterOrDigit(c) || AtomMarks.Contains(c, StringComparison.Ordinal)));
}
