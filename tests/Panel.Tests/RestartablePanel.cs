using Microsoft.AspNetCore.Builder;

namespace Hikyaku.Panel.Tests;

/// <summary>A panel of its own that a test ends and starts again.</summary>
internal sealed class RestartablePanel : IAsyncDisposable
{
    private readonly PanelUnderTest _panels;
    private WebApplication? _panel;

    private RestartablePanel(PanelUnderTest panels, WebApplication panel) => (_panels, _panel, Address) = (panels, panel, new Uri(panel.Urls.First()));

    /// <summary>Where it is; the same after a restart.</summary>
    public Uri Address { get; }

    public static async Task<RestartablePanel> StartAsync(PanelUnderTest panels) => new(panels, await panels.StartPanelAsync(panels.Platform.Client.Address));

    public async Task StopAsync()
    {
        await _panel!.StopAsync(new CancellationToken(canceled: true));
        await _panel.DisposeAsync();
        _panel = null;
    }

    public async Task StartAgainAsync() => _panel = await _panels.StartPanelAsync(_panels.Platform.Client.Address, Address);

    public async ValueTask DisposeAsync()
    {
        if (_panel is not null) await StopAsync();
    }
}
