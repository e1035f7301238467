using System.Text;

namespace Hikyaku.Copier;

/// <summary>The form that folder names have in IMAP (RFC 3501 §5.1.3).</summary>
internal static class ModifiedUtf7
{
    /// <summary>Encodes a name.</summary>
    public static string Encode(string name)
    {
        var encoded = new StringBuilder(name.Length + 16);
        for (var i = 0; i < name.Length;)
        {
            if (name[i] is >= ' ' and <= '~')
            {
                encoded.Append(name[i] == '&' ? "&-" : name[i].ToString());
                i++;
                continue;
            }

            var end = i;
            while (end < name.Length && name[end] is < ' ' or > '~') end++;
            encoded.Append('&').Append(Convert.ToBase64String(Encoding.BigEndianUnicode.GetBytes(name[i..end])).TrimEnd('=').Replace('/', ',')).Append('-');
            i = end;
        }

        return encoded.ToString();
    }
}
