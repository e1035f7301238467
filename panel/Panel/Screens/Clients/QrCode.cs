using System.Globalization;
using System.Text;
using QRCoder;

namespace Hikyaku.Panel.Screens.Clients;

/// <summary>A QR code (ISO/IEC 18004) as one path of an SVG picture.</summary>
/// <param name="Size">Modules of each side, with the quiet zone.</param>
/// <param name="Path">The dark ones.</param>
public sealed record QrCode(int Size, string Path)
{
    /// <summary>The code of a text.</summary>
    public static QrCode Of(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < data.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < data.ModuleMatrix[y].Count; x++)
                if (data.ModuleMatrix[y][x]) path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
        }

        return new(data.ModuleMatrix.Count, path.ToString());
    }
}
