using Microsoft.AspNetCore.Components;

namespace Hikyaku.Panel.Parts;

/// <summary>A page that is drawn once what it shows has been read, so that no part of it need ask whether it is there yet.</summary>
public abstract class LoadedPage : ComponentBase
{
    private bool _loaded;

    /// <summary>Reads what the page shows; parameters are set.</summary>
    protected abstract Task LoadAsync();

    /// <inheritdoc/>
    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        if (!_loaded)
        {
            await LoadAsync();
            _loaded = true;
        }

        await base.SetParametersAsync(ParameterView.Empty);
    }
}
