namespace Hikyaku.MailNode;

/// <summary>
/// A message's long name in Postfix's queue (postconf(5), enable_long_queue_ids): seconds, four places of microseconds, a z, the
/// file's number; in digits of a base of 52 without vowels.
/// </summary>
internal static class QueueId
{
    private const string Digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    private const int PlacesOfSeconds = 6;
    private const int PlacesOfMicroseconds = 4;

    /// <summary>When it was made: when Postfix had taken the first recipient. Null when the name does not tell.</summary>
    public static DateTimeOffset? Begun(string name)
    {
        var time = name.LastIndexOf('z');
        if (time is < PlacesOfSeconds + PlacesOfMicroseconds or > 12) return null;
        if (Number(name.AsSpan(0, time - PlacesOfMicroseconds)) is not { } seconds || Number(name.AsSpan(time - PlacesOfMicroseconds, PlacesOfMicroseconds)) is not { } microseconds) return null;
        return seconds < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(microseconds) : null; // year 10000
    }

    private static long? Number(ReadOnlySpan<char> text)
    {
        var number = 0L;
        foreach (var character in text)
        {
            if (Digits.IndexOf(character, StringComparison.Ordinal) is not (>= 0 and var digit)) return null;
            number = (number * Digits.Length) + digit;
        }

        return number;
    }
}
